import { expect, test } from 'vitest';
import data from '../data/stm32f427.json' with { type: 'json' };
import { chipIds, findChip, findChipNamed } from './catalogue.ts';
import { readChip } from './read-chip.ts';

const all = [
  ...['stm32f427', 'stm32h743', 'stm32f405', 'stm32g0b1', 'stm32l476', 'stm32u575', 'stm32h563'],
  ...['stm32f446', 'stm32f411', 'stm32f427xg'],
];

test('every chip of the catalogue loads under its own id, with a number of its own', () => {
  expect(chipIds()).toEqual(all);
  expect(chipIds().map((id) => findChip(id).id)).toEqual(chipIds());
  expect(new Set(chipIds().map((id) => findChip(id).number)).size).toBe(chipIds().length);
});

test('a chip that is not listed is refused with the list', () => {
  expect(() => findChip('stm32f100')).toThrow(
    expect.objectContaining({
      code: 'chip-unknown',
      fields: { chip: 'stm32f100', known: all.join(', ') },
    }),
  );
  expect(() => findChip('constructor')).toThrow(expect.objectContaining({ code: 'chip-unknown' }));
});

test.each([
  ['STM32F427', 'stm32f427'],
  ['stm32f427zi', 'stm32f427'],
  ['STM32F427ZIT6', 'stm32f427'],
  ['STM32F427ZIT6TR', 'stm32f427'],
  ['stm32f427zitx', 'stm32f427'],
  ['STM32F427ZI-Tx', 'stm32f427'],
  [' STM32H743XIH6', 'stm32h743'],
  ['STM32G0B1RET6', 'stm32g0b1'],
  ['STM32U575ZIT6Q', 'stm32u575'],
  ['STM32F427xI', 'stm32f427'],
  ['STM32F429', 'stm32f427'],
  ['STM32F429ZIT6', 'stm32f427'],
  ['STM32F427VGT6', 'stm32f427xg'],
  ['STM32F429ZGT6', 'stm32f427xg'],
  ['STM32F407VGT6', 'stm32f405'],
])('%s is the chip %s', (name, id) => expect(findChipNamed(name).id).toBe(id));

test.each(['STM32F429ZET6', 'STM32F407VET6', 'STM32F427ZIT6 rev 3', 'STM32F4', ''])(
  '%s is no chip here',
  (name) => expect(() => findChipNamed(name)).toThrow(expect.objectContaining({ code: 'chip-unknown' })),
);

test('STM32F427: sectors as RM0090 3.4 numbers them', () => {
  const { flash } = findChip('stm32f427');
  expect(flash.eraseUnits).toHaveLength(24);
  expect(flash.eraseUnits[4]).toMatchObject({ ordinal: 4, addressStart: 0x08010000, sizeBytes: 65536 });
  expect(flash.eraseUnits[11]).toMatchObject({ ordinal: 11, eraseCode: 11, addressStart: 0x080e0000 });
  expect(flash.eraseUnits[12]).toMatchObject({
    ordinal: 12,
    eraseCode: 16,
    bank: 2,
    addressStart: 0x08100000,
    sizeBytes: 16384,
    writeProtect: { kind: 'bit', register: 1, bit: 16 },
  });
  expect(flash.eraseUnits[23]).toMatchObject({ ordinal: 23, addressStart: 0x081e0000, sizeBytes: 131072 });
});

test('STM32H743: sectors as RM0433 4.3 numbers them', () => {
  const { flash, layout } = findChip('stm32h743');
  expect(flash.eraseUnits).toHaveLength(16);
  expect(flash.eraseUnits[15]).toMatchObject({ bank: 2, ordinal: 7, addressStart: 0x081e0000 });
  expect(
    layout.journal.flatMap(({ eraseUnits }) => eraseUnits.map((unit) => [unit.bank, unit.ordinal])),
  ).toEqual([
    [2, 3],
    [2, 4],
  ]);
});

type Json = Record<string, unknown>;
const damage = (change: (copy: typeof data) => void): Json => {
  const copy = structuredClone(data);
  change(copy);
  return copy as unknown as Json;
};

test.each<[string, (copy: typeof data) => void, RegExp]>([
  ['a misspelt key', (c) => Object.assign(c.write, { unitByte: 4 }), /write\.unitByte/],
  ['a lower-case address', (c) => Object.assign(c.flash, { addressStart: '0x0800000a' }), /addressStart/],
  ['a gap in the sectors', (c) => c.flash.banks[0]!.eraseUnits.pop(), /erase unit/],
  ['a figure without its source', (c) => Object.assign(c.tier, { source: 'hearsay' }), /source hearsay/],
  [
    'unverified without a reason',
    (c) => Object.assign(c.sources['ds-timing'], { reason: undefined }),
    /reason/,
  ],
  ['an identity over the anchor', (c) => (c.layout.identity.addressStart = '0x08000000'), /without overlap/],
  [
    'both copies of the identity in one sector',
    (c) => (c.layout.identity.addressStart = '0x081FE000'),
    /different erase units/,
  ],
  [
    'an identity in the unit of the anchor',
    ({ layout }) => {
      Object.assign(layout.anchor, { length: 0x3000 });
      Object.assign(layout.anchorData, { addressStart: '0x08003000', length: 256 });
      Object.assign(layout.board, { addressStart: '0x080030C0' });
      Object.assign(layout.identity, { addressStart: '0x08003200', length: 512 });
      Object.assign(layout.identityCopy, { length: 512 });
    },
    /erase units of its own/,
  ],
  ['slots of two lengths', (c) => (c.layout.agentCopy.length = 32768), /two slots of one length/],
  [
    'a slot inside of a sector',
    ({ layout }) => {
      Object.assign(layout.agentCopy, { addressStart: '0x081E4000' });
    },
    /begin with an erase unit/,
  ],
  [
    'a board block outside of the data of the anchor',
    (c) => (c.layout.board.addressStart = '0x08007F80'),
    /layout\.board/,
  ],
  [
    'an anchor where the chip does not boot',
    ({ layout }) => Object.assign(layout.anchor, { addressStart: '0x08000200', length: 1024 }),
    /where the chip boots/,
  ],
  ['two fields on the same bits', (c) => (c.options.registers[0]!.fields[0]!.msb = 4), /BFB2/],
  ['a protection field that does not exist', (c) => (c.readoutProtection.field = 'RDX'), /field RDX/],
  ['a journal of half a sector', (c) => (c.layout.journal[0]!.length = 8192), /whole erase units/],
  ['a device id that differs from its idcode', (c) => (c.debug.idCode = '0x10006413'), /device id/],
  ['a bank field without its rule', (c) => Object.assign(c.boot, { bankRule: undefined }), /bankRule|rule/],
  ['a readout level wider than its field', (c) => (c.readoutProtection.level1 = 256), /RDP that holds 256/],
  [
    'a write protection bit outside the fields',
    (c) => (c.flash.banks[1]!.writeProtect.bits.firstBit = 17),
    /write protection bit/,
  ],
  ['a missing erase time', (c) => c.timing.erase.pop(), /timing\.erase/],
])('a file with %s is refused', (_, change, message) => {
  expect(() => readChip(damage(change), 'file')).toThrow(message);
});

test('the file itself is accepted by the same reader', () => {
  expect(readChip(data, 'file').id).toBe('stm32f427');
});
