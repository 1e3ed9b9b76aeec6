// Access against readout level at both doors of the ROM bootloaders, as AN3155, AN3156 and the reference
// manuals' tables of access versus read protection level say.

import { expect, test } from 'vitest';
import type { AccessCell } from './access-cell.ts';
import { dfuRomAccess } from './dfu-rom-access.ts';
import { uartRomAccess } from './uart-rom-access.ts';

const chips = ['stm32f427', 'stm32f405', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];

/**
 * Their flash refuses to program a word again (rule progerr of docs/virtual-stm32-rules.md); that
 * the ROM says ACK is unverified.
 */
const programsOnce = ['stm32g0b1', 'stm32l476', 'stm32u575'];

const table = (cells: readonly AccessCell[]) =>
  Object.fromEntries(
    cells.map(({ action, answer, levelAfter, contentKept }) => [
      action,
      `${answer}, level ${levelAfter}, ${contentKept ? 'kept' : 'gone'}`,
    ]),
  );

const everywhere = (cells: readonly AccessCell[], expected: string) =>
  Object.fromEntries(cells.map(({ action }) => [action, expected]));

test.each(chips)('%s by UART', (id) => {
  const done = 'ACK, level 0, kept';
  const open = uartRomAccess(id, 0);
  expect(table(open)).toEqual({
    ...everywhere(open, done),
    'read outside memory': 'NACK, level 0, kept',
    'write RAM of the bootloader': 'NACK, level 0, kept',
    'write system memory': 'NACK, level 0, kept',
    'write flash': programsOnce.includes(id) ? done : 'ACK, level 0, gone',
    'erase unit': 'ACK, level 0, gone',
    'mass erase': 'ACK, level 0, gone',
    'readout protect': 'ACK, level 1, kept',
  });
  const shut = uartRomAccess(id, 1);
  const answered = 'ACK, level 1, kept';
  expect(table(shut)).toEqual({
    ...everywhere(shut, 'NACK, level 1, kept'),
    ...{ get: answered, 'get version': answered, 'get id': answered },
    'readout unprotect': 'ACK, level 0, gone',
  });
  const locked = uartRomAccess(id, 2);
  expect(table(locked)).toEqual(everywhere(locked, 'no bootloader, level 2, kept'));
});

test.each(chips)('%s by USB', async (id) => {
  const open = await dfuRomAccess(id, 0);
  expect(table(open)).toEqual({
    'set address': 'OK, level 0, kept',
    'set address outside memory': 'errTARGET, level 0, kept',
    'read flash': 'OK, level 0, kept',
    'write flash': 'OK, level 0, gone',
    'erase unit': 'OK, level 0, gone',
    'erase outside flash': 'errTARGET, level 0, kept',
    'mass erase': 'OK, level 0, gone',
    leave: 'left the bus, level 0, kept',
    'readout unprotect': 'left the bus, level 0, kept',
  });
  const shut = await dfuRomAccess(id, 1);
  expect(table(shut)).toEqual({
    ...everywhere(shut, 'errVENDOR, level 1, kept'),
    'readout unprotect': 'left the bus, level 0, gone',
  });
  const locked = await dfuRomAccess(id, 2);
  expect(table(locked)).toEqual(everywhere(locked, 'no bootloader, level 2, kept'));
});
