// Places of the kind serial: through the commands, on pseudo-terminals: a chip is identified, personalized
// and installed over its serial port, with npm's serialport as on a real one.

import { withOptionField } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { createBlankChip } from '@firmseal/virtual-line';
import {
  createVirtualChip,
  openPseudoTerminal,
  type PseudoTerminal,
  romBootloader,
  UartDoor,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { identifyDevice } from '../src/devices/identify.ts';
import { Chain } from './chain.ts';
import { jsonLines, runHere } from './run-here.ts';

const terminals: PseudoTerminal[] = [];
afterEach(async () => {
  for (const one of terminals.splice(0)) await one.close();
});

async function serialPlace(chip: VirtualChip): Promise<string> {
  const terminal = await openPseudoTerminal(new UartDoor(chip));
  terminals.push(terminal);
  return `serial:${terminal.path}`;
}

const ask = (place: string) =>
  identifyDevice({ place, kind: 'serial', name: 'a port' }, { clock: systemClock });

/** A chip that its boot pin brings into the bootloader of its ROM. */
function inBootloader(id: string): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: `identify ${id}`, executors: [romBootloader()] });
  const { boot0 } = chip.chip.boot;
  chip.powerOn();
  chip.debug.connect();
  if (boot0 !== undefined) {
    const { field: name, value } = boot0.pinWhile;
    chip.debug.writeOptionBytes(withOptionField(chip.chip, chip.judge.optionsStored, { name, value }));
  }
  chip.powerOff();
  chip.setPin('boot0', true);
  chip.powerOn();
  return chip;
}

describe('the chip behind a serial port', () => {
  it.each(['stm32f427', 'stm32g0b1', 'stm32u575'])('%s is told by its ROM bootloader', async (id) => {
    expect(await ask(await serialPlace(inBootloader(id)))).toMatchObject({
      // The ROM tells the family: parts with less flash answer as the one that is here.
      chips: expect.arrayContaining([id]),
      by: 'rom-bootloader',
    });
  });

  it('that says nothing is no chip, and the fault says so', async () => {
    const chip = createVirtualChip({ chip: 'stm32f427', seed: 'silent' });
    await expect(ask(await serialPlace(chip))).rejects.toMatchObject({ code: 'link-timeout' });
  });
});

describe('a serial place', () => {
  const chain = new Chain();
  beforeAll(() => chain.begin());
  afterAll(() => chain.end());

  it('carries personalization, an install and a receipt, and tells the agent', async () => {
    const id = 'stm32f427';
    const chip = createBlankChip(id, 'a serial place');
    const { via } = await chain.plugIn(chip);
    const socket = await serialPlace(chip);
    const order = await chain.order(id);
    await chain.personalize(id, { via, socket });
    expect(await ask(socket)).toMatchObject({ chips: [id], by: 'agent' });
    const installed = jsonLines(await chain.install(order, { socket }));
    expect(installed).toContainEqual(expect.objectContaining({ outcome: 'pass', socket }));
    chip.setPin('agent-request', false);
    chip.powerOff();
    chip.powerOn();
    expect(chip.bootedApplication).toBeDefined();
    await chain.audit();
  });
});

describe('a socket', () => {
  const install = (...sockets: string[]) =>
    runHere([
      ...[
        'install',
        'x.seal',
        '--job',
        '0'.repeat(32),
        '--authority',
        'http://127.0.0.1:9',
        '--token-file',
        'x',
      ],
      ...['--root-key', 'x', '--device-ca-delegation', 'x'],
      ...sockets.flatMap((one) => ['--socket', one]),
    ]);

  it.each([
    ['usb:0483:df11', 'place-socket-invalid'],
    ['ttyUSB0', 'place-kind-unknown'],
    ['probe:1-4', 'place-unfit'],
    ['written', 'place-unfit'],
    ['station:line-2/probe:1-4', 'place-unfit'],
  ])('%s is refused before anything begins: %s', async (socket, code) => {
    const { status, stderr } = await install(socket);
    expect(stderr).toContain(code);
    expect(status).toBe(2);
  });

  it('that is named twice is refused, with a rate or without', async () => {
    const { stderr } = await install('serial:/dev/ttyUSB0', 'serial:/dev/ttyUSB0@115200');
    expect(stderr).toContain('socket-repeated');
  });

  it('that does not exist is named with a remedy', async () => {
    const { status, stderr } = await runHere(['devices', '--place', 'serial:/dev/nothing']);
    expect([status, stderr]).toEqual([0, '']);
  });
});
