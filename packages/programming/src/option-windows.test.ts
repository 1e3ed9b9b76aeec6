import { findChip, withOptionField } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { changeOfWindow, readOptionWindows, windowsInOrder } from './option-windows.ts';

const l476 = findChip('stm32l476');
const f427 = findChip('stm32f427');

/** Words with their complements, as L4 shows them. */
const words = (...values: number[]) => {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    view.setUint32(8 * i, value, true);
    view.setUint32(8 * i + 4, ~value, true);
  }
  return bytes;
};

describe('option bytes as memory', () => {
  it('are read from words with complements: bits that belong to no field are left out', async () => {
    const [window] = l476.romBootloader.optionMemory!.windows;
    const bytes = words(0xffeff8aa, 0xffffffff, 0xffff0000, 0xff00ffff, 0xff00ffff);
    const values = await readOptionWindows(l476, [window!], async () => bytes);
    expect([...values.keys()]).toEqual([0, 1, 2, 3, 4]);
    expect(values.get(0)! & 0xff).toBe(0xaa);
    expect(values.get(0)! & ~l476.options.registers[0]!.mask).toBe(0);
  });

  it('change in one run of whole words, each with its complement, other bits as they were', () => {
    const [window] = l476.romBootloader.optionMemory!.windows;
    const bytes = words(0xffeff8aa, 0xffffffff, 0xffff0000, 0xff00ffff, 0xff00ffff);
    const start = new Map([[0, 0xffeff8aa & l476.options.registers[0]!.mask]]);
    const values = withOptionField(l476, start, { name: 'BOR_LEV', value: 2 });
    const change = changeOfWindow(l476, { window: window!, bytes, values })!;
    expect(change.address).toBe(0x1fff7800);
    expect(change.bytes).toEqual(words(0xffeffaaa));
    expect(changeOfWindow(l476, { window: window!, bytes, values: start })).toBeUndefined();
  });

  it('of F427 lie in two windows, and the one with the readout level is written last', () => {
    expect(windowsInOrder(f427).map(({ addressStart }) => addressStart)).toEqual([0x1ffec000, 0x1fffc000]);
    const [window] = f427.romBootloader.optionMemory!.windows;
    const bytes = Uint8Array.of(
      0xec,
      0xaa,
      255,
      255,
      255,
      255,
      255,
      255,
      255,
      0x0f,
      255,
      255,
      255,
      255,
      255,
      255,
    );
    const values = withOptionField(f427, new Map([[0, 0x0fffaaec]]), { name: 'nWRP0_11', value: 0xffe });
    const change = changeOfWindow(f427, { window: window!, bytes, values })!;
    expect([change.address, change.bytes]).toEqual([0x1fffc008, Uint8Array.of(0xfe, 0x0f, 255, 255)]);
  });
});
