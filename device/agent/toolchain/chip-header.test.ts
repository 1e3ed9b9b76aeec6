import { findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { agentChipIds, chipHeader } from './chip-header.ts';

const headerOf = (id: string) => chipHeader(findChip(id));

test('the constants that the agent is built around', () => {
  const text = headerOf('stm32h743');
  for (const line of [
    /^#define FS_CHIP_ID +"stm32h743"$/m,
    /^#define FS_WRITE_UNIT_BYTES +32u$/m,
    /^#define FS_IDENTITY_START +0x081D0000u$/m,
    /^#define FS_RDP_MASK +0x0000FF00u$/m,
    /^ {2}X\(0x08000000u, 1441792u, 0x08000000u, 0\)$/m,
  ])
    expect(text).toMatch(line);
});

test('erase units come in runs that are the units of the catalogue, one by one', () => {
  for (const id of agentChipIds) {
    const { flash } = findChip(id);
    const rows = [
      ...headerOf(id).matchAll(/^ {2}X\((\d)u, (\d+)u, (0x\w+)u, (\d+)u, (\d+)u, (\d+)u, (\d+)u\)/gm),
    ];
    const units = rows.flatMap(([, ...cells]) => {
      const [bank, code, address, count, sizeBytes, register, bit] = cells.map(Number) as [
        ...[number, number, number, number, number, number, number],
      ];
      return Array.from({ length: count }, (_, i) => ({
        ...{ bank, eraseCode: code + i, addressStart: address + i * sizeBytes, sizeBytes },
        protect: bit === 255 ? 'ranges' : `${register}.${bit + i}`,
      }));
    });
    const expected = flash.eraseUnits.map(({ bank, eraseCode, addressStart, sizeBytes, writeProtect }) => ({
      ...{ bank, eraseCode, addressStart, sizeBytes },
      protect: writeProtect.kind === 'bit' ? `${writeProtect.register}.${writeProtect.bit}` : 'ranges',
    }));
    expect(units, id).toEqual(expected);
  }
});

test('few runs, however many units', () => {
  const countOf = (id: string) => Number(/FS_ERASE_RUN_COUNT +(\d+)u/.exec(headerOf(id))![1]);
  expect(Object.fromEntries(agentChipIds.map((id) => [id, countOf(id)]))).toEqual({
    ...{ stm32f405: 3, stm32f427: 6, stm32g0b1: 2 },
    ...{ stm32h743: 2, stm32l476: 2, stm32u575: 2 },
  });
});

test('a chip with product states has no agent', () => {
  expect(agentChipIds).not.toContain('stm32h563');
});

test('a unit that a mask cannot find is refused', () => {
  const chip = findChip('stm32g0b1');
  const [first, ...rest] = chip.flash.eraseUnits;
  const eraseUnits = [{ ...first!, sizeBytes: 3072 }, ...rest];
  expect(() => chipHeader({ ...chip, flash: { ...chip.flash, eraseUnits } })).toThrow('3072');
});
