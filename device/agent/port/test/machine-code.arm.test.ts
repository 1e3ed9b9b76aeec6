// The agent's machine code, as it ships, on a bench: does it start, speak, change the rate of the
// link, read broken flash without dying, and leave a clean chip to the application.

import { readFileSync } from 'node:fs';
import { decodeCbor } from '@firmseal/cbor-cose';
import { findChip } from '@firmseal/chips';
import { encodeFrame, type Frame, FrameReader } from '@firmseal/link';
import { fsOk } from '@firmseal/virtual-stm32';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { bearsslMissing } from '../../toolchain/bearssl.ts';
import { imageSize } from '../../toolchain/image-size.ts';
import { portedChips, targetOf } from '../../toolchain/targets.ts';
import { buildAgent } from '../../toolchain/thumb.ts';
import { ChipBench } from './chip-bench.ts';

const missing = hasTool('arm-none-eabi-gcc') ? bearsslMissing() : 'arm-none-eabi-gcc is not installed';
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const info = encodeFrame({ type: 0x01, sequence: 7, body: new Uint8Array() });

const started = (id: string): ChipBench => {
  const bench = new ChipBench(buildAgent(targetOf(id)));
  // The watchdog is started last before the agent listens.
  const watchdog = id === 'stm32h743' ? 0x58004800 : 0x40003000;
  bench.runUntil(() => bench.written.get(watchdog + 8) === 0x7ff && bench.written.get(watchdog) === 0xaaaa);
  return bench;
};

/** CFSR, HFSR. */
const faultStatus = [0xe000_ed28, 0xe000_ed2c];

const frameOf = (bench: ChipBench): Frame => {
  const frames: Frame[] = [];
  new FrameReader().push(Uint8Array.from(bench.sent), (frame) => frames.push(frame));
  return frames.at(-1)!;
};

/** Chips with the first kind of USART, whose registers stand elsewhere. */
const isF4 = (id: string) => id.startsWith('stm32f4');
const usartOf = (id: string) => (isF4(id) || id === 'stm32h743' ? 0x40011000 : 0x40013800);

/** The flow word with which the core hands over: FS_FLOW_BOOT_DONE of core/fs_flow.h. */
function decidedToBoot(): number {
  const header = readFileSync(new URL('../../core/fs_flow.h', import.meta.url), 'utf8');
  const word = (name: string) => Number(new RegExp(`#define ${name} (0x[0-9a-f]+)u`).exec(header)![1]);
  return (word('FS_FLOW_BOOT') + 2 * word('FS_STEP_BOOT')) >>> 0;
}

describe.each(portedChips())('%s', (id) => {
  it('starts from garbage in RAM and answers an info request', () => {
    const bench = started(id);
    bench.receive(Uint8Array.of(0));
    bench.receive(info);
    bench.runUntil(() => bench.sent.length > 2 && bench.sent.at(-1) === 0);
    const { type, sequence, body } = frameOf(bench);
    expect([type, sequence, body[0], body[1]]).toEqual([0x81, 7, 0, 0]);
    const map = decodeCbor(body.subarray(2), { maxBytes: 256 }) as ReadonlyMap<number, unknown>;
    expect(map.get(1)).toBe(id);
  });

  it('changes the rate of the link after framing errors, and back', () => {
    const bench = started(id);
    const divider = usartOf(id) + (isF4(id) ? 0x08 : 0x0c);
    const slow = bench.written.get(divider)!;
    const rates: number[] = [];
    bench.onRegisterWrite = (address, value) => void (address === divider && rates.push(value));
    bench.receive(new Uint8Array(8), true);
    bench.runUntil(() => rates.length === 2);
    expect(slow / rates[0]!).toBeCloseTo(8, 0);
    expect(rates[1]).toBe(slow);
    bench.receive(Uint8Array.of(0));
    bench.receive(info);
    bench.runUntil(() => bench.sent.length > 2 && bench.sent.at(-1) === 0);
    expect(frameOf(bench).type).toBe(0x81);
  });

  it('hands over with its RAM wiped, the clock as after reset, and the vector table in place', () => {
    const bench = started(id);
    const slots = bench.slots();
    expect(slots.length).toBeGreaterThan(0);
    for (const slot of slots) {
      const fresh = started(id);
      const stack = fresh.ramStart + 0x8000;
      new DataView(fresh.ram.buffer).setUint32(
        fresh.symbol('fs_flow') - fresh.ramStart,
        decidedToBoot(),
        true,
      );
      fresh.putWords(slot.storeStart, [stack, (slot.linkStart + 0x101) >>> 0]);
      const remaps: number[] = [];
      // What a fault that was gone on from leaves behind, and keys in every register that a function keeps.
      for (const place of faultStatus) fresh.written.set(place, 0x4000_0200);
      for (let i = 1; i <= 12; i++) fresh.core.registers[i] = 0x5ec2e7;
      fresh.onRegisterWrite = (address, value) =>
        void (address === 0x40013800 && isF4(id) && remaps.push(value));
      fresh.core.registers[0] = slot.storeStart;
      fresh.core.PC = fresh.symbol('fs_port_boot_application') & ~1;
      fresh.runUntil(() => fresh.core.PC === slot.linkStart + 0x100);
      expect(fresh.core.SP).toBe(stack);
      expect(fresh.core.VTOR >>> 0).toBe(slot.linkStart);
      const kept = [...fresh.core.registers.subarray(0, 13)].filter((_, i) => i !== 1);
      expect(kept, 'r1 is the entry').toEqual(new Array(12).fill(0));
      expect(fresh.core.LR >>> 0, 'as after a reset').toBe(0xffff_ffff);
      // Bits that are cleared by writing 1; Armv6-M has none.
      const cleared = faultStatus.map((place) => fresh.written.get(place));
      const hasThem = id !== 'stm32g0b1';
      expect(cleared).toEqual(faultStatus.map(() => (hasThem ? 0xffff_ffff : 0x4000_0200)));
      expect(fresh.core.PM, 'interrupts are allowed, as after reset').toBe(false);
      expect(remaps).toEqual(slot.handover === 'swap-banks' ? [0x100] : []);
      expect(fresh.written.get(usartOf(id) + (isF4(id) ? 0x0c : 0)), 'it was on before').not.toBe(0);
      // All of the agent's RAM but the few instructions that wipe it.
      const from = fresh.symbol('fs_ram_start') - fresh.ramStart;
      const to = fresh.symbol('fs_ram_end') - fresh.ramStart;
      const code = [
        fresh.symbol('fs_ramcode_start') - fresh.ramStart,
        fresh.symbol('fs_ramcode_end') - fresh.ramStart,
      ];
      const left = [...fresh.ram.subarray(from, to).entries()].filter(
        ([i, byte]) => byte !== 0 && (from + i < code[0]! || from + i >= code[1]!),
      );
      expect(left).toEqual([]);
      expect(code[1]! - code[0]!).toBeLessThan(160);
    }
  });

  it.each(['first', 'last'])(
    'reads unaligned ranges of flash, and gives a fault for a broken word, %s bytes',
    (where) => {
      const bench = started(id);
      const { storeStart, length } = bench.slots()[0]!;
      // On the parts with an ECC, the first bytes of the slot are in bank 1 and the last in bank 2.
      const address = storeStart + (where === 'first' ? 0x41 : length - 0x3f);
      const buffer = bench.ramStart + 0x9000;
      bench.flash.set([1, 2, 3, 4, 5, 6, 7], address - bench.flashStart);
      expect(bench.call('fs_port_flash_read', address, buffer, 7)).toBe(fsOk);
      expect([...bench.ram.subarray(0x9000, 0x9007)]).toEqual([1, 2, 3, 4, 5, 6, 7]);
      if (bench.breaks === undefined) return; // no ECC
      let broke = 0;
      bench.onFlashRead = (at) => {
        if (at !== ((address + 4) & ~3)) return;
        broke++;
        bench.breaks!(at);
      };
      expect(bench.call('fs_port_flash_read', address, buffer, 7)).not.toBe(fsOk);
      expect(broke).toBe(1);
      // Afterwards reads are good again: the fault was taken back.
      bench.onFlashRead = () => {};
      expect(bench.call('fs_port_flash_read', address, buffer, 7)).toBe(fsOk);
    },
  );
});

describe.each(portedChips())('%s', (id) => {
  it('keeps to its flash and RAM', () => {
    const build = buildAgent(targetOf(id));
    const { codeBytes, cryptoBytes, ramBytes } = imageSize(build);
    // The slot of the catalogue, less the header of the image (spec/agent-image.md).
    expect(codeBytes).toBeLessThanOrEqual(findChip(id).layout.agent.length - 1024);
    expect(cryptoBytes).toBeLessThan(24 << 10);
    expect(cryptoBytes).toBeGreaterThan(10 << 10); // or the map was misread
    expect(ramBytes).toBeLessThanOrEqual(20 << 10);
    expect(build.stackBytes).toBeGreaterThan(build.stack.bytes);
    expect(build.stack.path[0]).toBe('fs_reset_entry');
  });
});

describe('stm32h743', () => {
  const idCode = 0x5c00_1000;
  const axiOverride = 0x5100_8108;
  it.each([
    ['1003', 'Y', 1],
    ['2003', 'V', undefined],
    ['2001', 'X', undefined],
  ])('revision 0x%s (%s): reads of AXI SRAM are made safe where they are not', (revision, _, written) => {
    const bench = new ChipBench(buildAgent(targetOf('stm32h743')));
    bench.written.set(idCode, Number(`0x${revision}0450`));
    bench.call('fs_chip_start');
    expect(bench.written.get(axiOverride)).toBe(written);
  });

  it('closes the memory of FMC and QUADSPI to reads ahead, and gives it back', () => {
    const bench = started('stm32h743');
    const regions = new Map<number, [number, number]>();
    const held = (offset: number) => bench.written.get(0xe000_ed00 + offset) ?? 0;
    bench.onRegisterWrite = (address) =>
      void (address === 0xe000_eda0 && regions.set(held(0x98), [held(0x9c), held(0xa0)]));
    bench.call('fs_chip_start');
    const closed = (1 << 28) | (28 << 1) | 1;
    expect([...regions.values()]).toEqual([
      [0x6000_0000, closed],
      [0x8000_0000, closed],
    ]);
    expect(held(0x94)).toBe(5);
    bench.call('fs_chip_stop');
    expect([...regions.values()].map(([, attributes]) => attributes)).toEqual([0, 0]);
    expect(held(0x94)).toBe(0);
  });
});
