// USB of an F427: the start of the crystal, and what a board's settings say of it, executed by the build that
// ships on the model of the chip.

import { findChip } from '@firmseal/chips';
import { encodeFrame } from '@firmseal/link';
import { describe, expect, test } from 'vitest';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import type { Weakening } from '../toolchain/defences.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import type { Line } from './line.ts';
import { machineInSocket } from './machine-line.ts';
import { UsbHost, usbBlock } from './usb-host.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const chipId = 'stm32f427';

/** The chip, waiting; what stands on its board, and what the settings say of it. */
function start(
  { crystalHz, saidHz }: { crystalHz: number | undefined; saidHz?: number },
  without: Weakening = {},
): Line {
  const isWeak = Object.keys(without).length > 0;
  const build = isWeak ? mutantBuild({ chip: chipId, without }) : buildAgent(targetOf(chipId));
  const block = usbBlock(
    findChip(chipId),
    {},
    saidHz === undefined ? { kind: 'internal' } : { kind: 'crystal', frequencyHz: saidHz },
  );
  const line = machineInSocket(chipId, 'crystal', build, block);
  line.chip.crystalHz = crystalHz;
  computeCryptoHere(line.chip, build);
  line.chip.powerOn();
  return line;
}

const coreHz = ({ chip: virtual }: Line) => virtual.machine.coreHz;

describe.skipIf(!canBuild)('an F427', () => {
  test('with a crystal is on the bus, its core as fast as without, and the UART answers', async () => {
    const line = start({ crystalHz: 8_000_000, saidHz: 8_000_000 });
    expect(line.chip.usb?.strings[2]).toBe('firmseal agent stm32f427');
    const usb = new UsbHost(line.chip);
    await usb.open();
    expect(await usb.send(new Uint8Array(2000))).toMatchObject({ status: 0x02 });
    line.chip.touchUsb((wire) => wire.unplug());
    expect(usb.present).toBe(false);
    line.chip.touchUsb((wire) => wire.plug());
    await usb.open();
    expect(line.info().get(1)).toBe(chipId);
    expect(coreHz(line)).toBe(168_000_000);
    expect(line.chip.machine.usb!.core.mistakes).toEqual([]);
    usb.close();
  });

  const boards: readonly (readonly [string, Parameters<typeof start>[0]])[] = [
    ['a crystal that does not start', { crystalHz: undefined, saidHz: 8_000_000 }],
    ['a crystal of another frequency', { crystalHz: 25_000_000, saidHz: 8_000_000 }],
    ['no oscillator in its settings', { crystalHz: 8_000_000 }],
    ['a crystal of a slower frequency', { crystalHz: 8_000_000, saidHz: 12_000_000 }],
    ['a crystal that makes no 1 MHz', { crystalHz: 11_059_200, saidHz: 11_059_200 }],
  ];

  test.each(sampled(boards, boards.slice(0, 2)))(
    'with %s has no USB, and the UART answers at the full clock',
    (_, board) => {
      const line = start(board);
      expect(line.chip.usb).toBeUndefined();
      expect(line.chip.machine.usb!.attached).toBe(false);
      expect(line.raw(encodeFrame({ type: 0x01, sequence: 1, body: new Uint8Array(0) }))[0]?.type).toBe(0x81);
      expect(coreHz(line)).toBe(168_000_000);
    },
  );

  test('without the measurement a crystal of another frequency runs the core beyond its limit', () => {
    const [, board] = boards[1]!;
    const weak = { 'crystal-measured': 'if (megahertz == 0) works = is_as_said(megahertz);' };
    expect(coreHz(start(board, weak))).toBe(525_000_000);
  });
});
