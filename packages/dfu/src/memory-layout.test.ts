import { chipIds, findChip } from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { readMemoryLayout } from './index.ts';

const bytesOf = (text: string) =>
  readMemoryLayout(text)!.sectors.reduce((sum, { count, sizeBytes }) => sum + count * sizeBytes, 0);

describe('a DfuSe memory layout', () => {
  it.each(chipIds())('of %s is read as the catalogue has its flash', (id) => {
    const { flash, romBootloader } = findChip(id);
    const layout = readMemoryLayout(romBootloader.dfu!.alternates[0]!)!;
    expect(layout.name).toBe('Internal Flash');
    expect(layout.sectors[0]!.addressStart).toBe(flash.addressStart);
    const sizes = layout.sectors.flatMap(({ count, sizeBytes }) => Array<number>(count).fill(sizeBytes));
    expect(sizes).toEqual(flash.eraseUnits.map(({ sizeBytes }) => sizeBytes));
    expect(layout.sectors.every((one) => one.readable && one.erasable && one.writable)).toBe(true);
  });

  it('may hold two ranges, a space as the unit, and rights that say only some', () => {
    const { sectors } = readMemoryLayout('@Option Bytes  /0x1FFFC000/01*016 e/0x1FFEC000/01*016 e')!;
    expect(sectors).toEqual([
      { addressStart: 0x1fffc000, count: 1, sizeBytes: 16, readable: true, erasable: false, writable: true },
      { addressStart: 0x1ffec000, count: 1, sizeBytes: 16, readable: true, erasable: false, writable: true },
    ]);
    expect(readMemoryLayout('@ROM/0x0/1*1Ma')!.sectors[0]).toMatchObject({
      sizeBytes: 1024 * 1024,
      readable: true,
      erasable: false,
      writable: false,
    });
  });

  it('may end in bytes that do not belong to it', () => {
    expect(bytesOf('@Internal Flash  /0x08000000/04*016Kg,01*064Kg\u0001\u00fe')).toBe(128 * 1024);
  });

  it.each([
    ['no layout at all', 'STM32  BOOTLOADER'],
    ['a name alone', '@Internal Flash'],
    ['an address that is no number', '@Flash/0xZZ/01*016Kg'],
    ['no sectors', '@Flash/0x08000000/'],
    ['none of a kind', '@Flash/0x08000000/00*016Kg'],
    ['more than the address space', '@Flash/0xF0000000/9999*9999Kg'],
  ])('is not taken when it is %s', (_, text) => {
    expect(readMemoryLayout(text)).toBeUndefined();
  });

  it('costs no more than a limit, however long', () => {
    const text = `@F${'/0x0/1*1Kg'.repeat(100_000)}`;
    expect(readMemoryLayout(text)!.sectors.length).toBeLessThanOrEqual(64);
  });
});
