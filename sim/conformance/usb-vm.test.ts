// The virtual chips on the USB of a Linux kernel, used by programs that nobody here wrote: dfu-util with the DfuSe
// bootloaders, OpenOCD with CMSIS-DAP probes. Expectations are what AN3156 and the reference manuals say of each level. What
// was observed is kept in results/usb-vm.json; the test compares, FIRMSEAL_RECORD=1 writes it anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { findChip } from '@firmseal/chips';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestHere } from '../../tools/usb-vm/guest.ts';
import { guestVersions } from '../../tools/usb-vm/guest-versions.ts';
import type { AccessCell } from './access-cell.ts';
import { type DfuObservation, dfuChips, observeDfu } from './usb-vm-dfu.ts';
import { observeProbes, type ProbeObservation, probeCases, probeCells } from './usb-vm-probe.ts';

const here = guestHere();
const guest = 'lacks' in here ? undefined : here;
if ('lacks' in here) console.warn(`skipped: no USB test machine, for want of ${here.lacks}`);

const recordFile = new URL('results/usb-vm.json', import.meta.url);
const cells: AccessCell[] = [];

/** `npm run test:usb-vm` runs all; the tests of the whole tree a chip of each client. */
const whole = process.env['FIRMSEAL_USB_VM'] === 'whole';
const dfuSome = whole ? dfuChips : dfuChips.slice(0, 1);
const probesSome = whole ? probeCases : probeCases.filter(({ id }) => id === 'stm32g0b1');

const startupMs = 600_000;

describe.runIf(guest)('dfu-util', () => {
  let observed: DfuObservation[];
  beforeAll(async () => {
    observed = await observeDfu(guest!, dfuSome);
    for (const { printed: _, holdsImage: __, ...cell } of observed)
      if (cell.action !== 'list') cells.push(cell);
  }, startupMs);
  const at = (chip: string, level: number, action: string): DfuObservation =>
    observed.find((one) => one.chip === chip && one.level === level && one.action === action)!;

  test.each(dfuSome)('%s is listed with its memories, at both levels', (id) => {
    const { alternates } = findChip(id).romBootloader.dfu!;
    for (const level of [0, 1]) {
      const { printed } = at(id, level, 'list');
      expect(printed.match(/Found DFU: \[0483:df11\]/g)).toHaveLength(alternates.length);
      for (const [number, layout] of alternates.entries())
        expect(printed).toContain(`alt=${number}, name="${layout}"`);
    }
  });

  test.each(dfuSome)('%s is written, and reads back the same', (id) => {
    expect(at(id, 0, 'write flash')).toMatchObject({ outcome: 'done', levelAfter: 0, holdsImage: true });
    expect(at(id, 0, 'read flash')).toMatchObject({ outcome: 'done', contentKept: true });
  });

  test.each(dfuSome)('%s at level 1 refuses reading, writing and erasing, and keeps its content', (id) => {
    const refused = { outcome: 'refused', levelAfter: 1, contentKept: true };
    for (const [action, command] of [
      ['read flash', 'SET_ADDRESS'],
      ['write flash', 'ERASE_PAGE'],
      ['mass erase', 'MASS_ERASE'],
    ] as const)
      expect(at(id, 1, action)).toMatchObject({ ...refused, answer: `${command} not correctly executed` });
  });
});

describe.runIf(guest)('OpenOCD', () => {
  let observed: ProbeObservation[];
  beforeAll(async () => {
    observed = await observeProbes(guest!, probesSome);
    cells.push(...observed.flatMap(probeCells));
  }, startupMs);
  const named = probesSome.map((probe, index) => ({ name: `${probe.id} by ${probe.door}`, index }));

  test.each(named)('$name: is identified, written, verified and read back', ({ index }) => {
    const { log, status, answers, readBackEqual, probe, chip } = observed[index]!;
    expect(status, log).toBe(0);
    expect(log).toContain('CMSIS-DAP: FW Version = 2.1.0');
    expect(log.includes('CMSIS-DAPv2 interface')).toBe(probe.door === 'cmsis-dap-v2');
    expect(log).toMatch(new RegExp(`SWD DPIDR 0x0*${chip.chip.debug.dpIdCode.toString(16)}`));
    expect(answers['probe'], log).toContain(`flash '${probe.driver}' found at 0x08000000`);
    expect(answers['write']).toMatch(/^wrote \d+ bytes/m);
    expect(answers['verify']).toMatch(/^verified \d+ bytes/m);
    expect(readBackEqual).toBe(true);
  });

  test.each(named)('$name: option bytes, lock, refusal at level 1, unlock with mass erase', ({ index }) => {
    const { answers, losses, chip } = observed[index]!;
    expect(answers['option write']).not.toMatch(/error/);
    expect(answers['option after']).not.toBe(answers['option before']);
    expect(answers['read flash locked']).toMatch(/^error/);
    expect(answers['read sram locked']).toMatch(/^0x/);
    expect(losses).toEqual([{ level: 1, hadContent: true }]);
    expect(answers['read flash unlocked']).toBe('0xffffffff');
    expect(chip.judge.readoutLevel).toBe(0);
  });
});

afterAll(() => {
  if (guest === undefined) return;
  if (whole && process.env['FIRMSEAL_RECORD'] === '1') {
    const record = { date: new Date().toISOString().slice(0, 10), clients: guestVersions(guest), cells };
    writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  }
  const kept = JSON.parse(readFileSync(recordFile, 'utf8')) as { cells: AccessCell[] };
  for (const cell of cells) expect(kept.cells).toContainEqual(cell);
  if (whole) expect(cells).toHaveLength(kept.cells.length);
});
