import { expect, test } from 'vitest';
import { withVectorTable } from '../test/vector-table.ts';
import { chipIds, findChip } from './catalogue.ts';
import { findVectorTables, vectorTableFault } from './vector-table.ts';

const f427 = findChip('stm32f427');
const start = 0x0802_0000;

/** An image of two words and some code, changed by `change`. */
function faultOf(change: (words: DataView) => void, entry = start): unknown {
  const bytes = withVectorTable(f427, start, new Uint8Array(0x800));
  change(new DataView(bytes.buffer));
  return vectorTableFault(f427, [{ address: start, bytes }], entry);
}

test('a stack pointer in RAM and an odd reset vector inside of the image are a vector table', () => {
  expect(faultOf(() => undefined)).toBeUndefined();
  for (const stackPointer of [0x2003_0000, 0x2000_0004, 0x1001_0000])
    expect(faultOf((words) => words.setUint32(0, stackPointer, true))).toBeUndefined();
  expect(faultOf((words) => words.setUint32(4, start + 0x7ff, true))).toBeUndefined();
});

test.each([0, 0x2000_0000, 0x2003_0004, 0x2001_0002, 0x4002_4010, 0x0802_0000, 0xffff_ffff])(
  'a stack pointer of %i is refused',
  (value) =>
    expect(faultOf((words) => words.setUint32(0, value, true))).toEqual({
      kind: 'stack-pointer-not-in-ram',
      value,
    }),
);

test.each([
  [start + 8, 'reset-vector-even'],
  [start + 0x801, 'reset-vector-not-in-image'],
  [start - 1, 'reset-vector-not-in-image'],
  [0x2000_0001, 'reset-vector-not-in-image'],
])('a reset vector of %i: %s', (value, kind) =>
  expect(faultOf((words) => words.setUint32(4, value, true))).toEqual({ kind, value }),
);

test('the code of the reset vector may be in another piece of the image', () => {
  const vectors = withVectorTable(f427, start + 0x4000, new Uint8Array(8));
  const image = [
    { address: start, bytes: vectors },
    { address: start + 0x4000, bytes: new Uint8Array(64) },
  ];
  expect(vectorTableFault(f427, image, start)).toBeUndefined();
  expect(vectorTableFault(f427, image.slice(0, 1), start)).toMatchObject({
    kind: 'reset-vector-not-in-image',
  });
  expect(vectorTableFault(f427, image, start + 0x1000)).toEqual({ kind: 'not-in-image' });
});

test.each([
  ['stm32f405', 512],
  ['stm32f427', 512],
  ['stm32l476', 512],
  ['stm32g0b1', 256],
  ['stm32h743', 1024],
  ['stm32u575', 1024],
  ['stm32h563', 1024],
])('%s takes a vector table at multiples of %i', (id, alignmentBytes) => {
  const chip = findChip(id);
  const { linkStart } = chip.layout.slots[0]!;
  const at = (offset: number) => {
    const bytes = new Uint8Array(0x1000);
    bytes.set(withVectorTable(chip, linkStart + offset, new Uint8Array(16)), offset);
    return vectorTableFault(chip, [{ address: linkStart, bytes }], linkStart + offset);
  };
  expect(at(alignmentBytes)).toBeUndefined();
  expect(at(alignmentBytes / 2)).toEqual({ kind: 'misaligned', alignmentBytes });
  expect(chipIds()).toContain(id);
});

test('a table behind a header is found', () => {
  const bytes = new Uint8Array(0x1000);
  bytes.set(withVectorTable(f427, start + 0x200, new Uint8Array(16)), 0x200);
  expect(findVectorTables(f427, [{ address: start, bytes }])).toEqual([start + 0x200]);
});
