// USB of an F427: the driver of the first OTG core and the start of the crystal, executed on the model. The
// agent with USB is too large for its slot, so that no chip gets it: it is linked at the place of an
// application here, and the chip starts it there.

import { readFileSync } from 'node:fs';
import { findChip } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { encodeFrame } from '@firmseal/link';
import { createVirtualChip, machineCode } from '@firmseal/virtual-stm32';
import { describe, expect, test } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { Line } from './line.ts';
import { writeUnits } from './machine-line.ts';
import { UsbHost, usbBlock } from './usb-host.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
const chipId = 'stm32f427';
const chip = findChip(chipId);
const place = { addressStart: 0x0804_0000, length: 0x2_0000 };

function segments() {
  const target = targetOf(chipId, { usb: 'otg-v1' });
  const { elf } = buildAgent({ ...target, memory: { ...target.memory, code: place } });
  const image = readImage(readFileSync(elf)).segments;
  const vectors = image.find(({ address }) => address === place.addressStart)!;
  return [...image, { address: chip.flash.addressStart, bytes: vectors.bytes.slice(0, 8) }];
}

/** The chip, waiting; what stands on its board, and what the settings say of it. */
function start({ crystalHz, saidHz }: { crystalHz: number | undefined; saidHz?: number }): Line {
  const virtual = createVirtualChip({ chip: chipId, seed: 'crystal', executors: [machineCode()] });
  virtual.crystalHz = crystalHz;
  virtual.powerOn();
  virtual.debug.connect();
  const block = usbBlock(
    chip,
    {},
    saidHz === undefined ? { kind: 'internal' } : { kind: 'crystal', frequencyHz: saidHz },
  );
  const all = [...segments(), { address: chip.layout.board.addressStart, bytes: block }];
  for (const [address, bytes] of writeUnits(all, chip.write.unitBytes))
    if (virtual.debug.programFlash(address, bytes) !== 'ok') throw new Error('the debug port refuses');
  virtual.powerOff();
  virtual.powerOn();
  return new Line(virtual);
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
});
