// Figures of each chip, one by one, against what its manual, the vendor's header or the clients say: a slip
// of a digit in a data file fails here.

import { describe, expect, test } from 'vitest';
import { chipIds, findChip } from './catalogue.ts';
import { eraseProgramTimeUs } from './flash-time.ts';
import {
  defaultOptionValues,
  findOptionField,
  optionField,
  readoutLevel,
  withOptionField,
} from './option-values.ts';
import { placeImage } from './place-image.ts';

const chips = chipIds().map((id) => findChip(id));

// Device id, flash size and register addresses as OpenOCD 0.12.0 (flash/nor/stm32f2x.c, stm32h7x.c,
// stm32l4x.c) and ST's headers have them; H563 from ST's header alone.
test.each([
  ['stm32f405', 0x413, 0xe0042000, 0x1fff7a22, 0x1fff7a10, 0x40023c00],
  ['stm32f427', 0x419, 0xe0042000, 0x1fff7a22, 0x1fff7a10, 0x40023c00],
  ['stm32h743', 0x450, 0x5c001000, 0x1ff1e880, 0x1ff1e800, 0x52002000],
  ['stm32g0b1', 0x467, 0x40015800, 0x1fff75e0, 0x1fff7590, 0x40022000],
  ['stm32l476', 0x415, 0xe0042000, 0x1fff75e0, 0x1fff7590, 0x40022000],
  ['stm32u575', 0x482, 0xe0044000, 0x0bfa07a0, 0x0bfa0700, 0x40022000],
  ['stm32h563', 0x484, 0x44024000, 0x08fff80c, 0x08fff800, 0x40022000],
])(
  '%s: what a client looks at to know the part',
  (id, deviceId, register, flashSize, uniqueId, controller) => {
    const { identity, debug, romBootloader, flashController } = findChip(id);
    expect(identity).toMatchObject({
      deviceId,
      deviceIdRegister: register,
      flashSizeAddress: flashSize,
      uniqueIdAddress: uniqueId,
      uniqueIdLength: 12,
    });
    expect(debug.idCode & 0xfff).toBe(deviceId);
    expect(romBootloader.productId).toBe(deviceId);
    expect(flashController.registerBase).toBe(controller);
  },
);

test.each([
  ['stm32f405', 12, 131072, 4, 'x32'],
  ['stm32g0b1', 256, 2048, 8, 'x64'],
  ['stm32l476', 512, 2048, 8, 'x64'],
  ['stm32u575', 256, 8192, 16, 'x128'],
  ['stm32h563', 256, 8192, 16, 'x128'],
] as const)(
  '%s: %i erase units, the last of %i bytes, %i bytes at once',
  (id, count, last, unit, parallelism) => {
    const { flash, write } = findChip(id);
    expect(flash.eraseUnits).toHaveLength(count);
    expect(flash.eraseUnits.at(-1)).toMatchObject({ sizeBytes: last });
    expect(write).toMatchObject({ unitBytes: unit, parallelism });
  },
);

// Field positions as ST's headers give them.
test.each([
  ['stm32f405', 'nWRP0_11', 27, 16, 0x40023c14],
  ['stm32f446', 'nWRP0_7', 23, 16, 0x40023c14],
  ['stm32f411', 'SPRMOD', 31, 31, 0x40023c14],
  ['stm32g0b1', 'nBOOT0', 26, 26, 0x40022020],
  ['stm32g0b1', 'PCROP_RDP', 31, 31, 0x40022028],
  ['stm32g0b1', 'WRP2B_END', 22, 16, 0x40022050],
  ['stm32g0b1', 'BOOT_LOCK', 16, 16, 0x40022080],
  ['stm32l476', 'BFB2', 20, 20, 0x40022020],
  ['stm32l476', 'WRP1A_END', 23, 16, 0x4002202c],
  ['stm32l476', 'PCROP2_END', 15, 0, 0x40022048],
  ['stm32u575', 'TZEN', 31, 31, 0x40022040],
  ['stm32u575', 'NSBOOTADD0', 31, 7, 0x40022044],
  ['stm32u575', 'WRP2B_UNLOCK', 31, 31, 0x4002206c],
  ['stm32h563', 'PRODUCT_STATE', 15, 8, 0x40022050],
  ['stm32h563', 'NSBOOTADD', 31, 8, 0x40022080],
  ['stm32h563', 'HDP2_END', 22, 16, 0x400221f8],
])('%s: %s at bits %i to %i', (id, name, msb, lsb, address) => {
  const chip = findChip(id);
  const field = findOptionField(chip, name);
  expect(field).toMatchObject({ msb, lsb });
  expect(chip.options.registers[field.register]!.readAddress).toBe(address);
});

// What blank parts were seen to hold, within the bits that are fields.
test.each([
  ['stm32f405', 0, 0x0fffaaed],
  ['stm32g0b1', 0, 0xfffffeaa],
  ['stm32l476', 0, 0xffeff8aa],
  ['stm32u575', 0, 0x1feff8aa],
  ['stm32u575', 1, 0x0800007f],
  ['stm32h563', 0, 0x2d30edf8],
])('%s: register %i of a blank part', (id, register, seen) => {
  const { defaultValue, mask } = findChip(id).options.registers[register]!;
  expect(defaultValue).toBe((seen & mask) >>> 0);
});

test.each([
  ['stm32f405', 0x08040000, 655360],
  ['stm32g0b1', 0x0802d000, 339968],
  ['stm32l476', 0x0802d000, 864256],
  ['stm32u575', 0x08000000, 1884160],
  ['stm32h563', 0x08000000, 1884160],
])('%s: the largest image at %i stays where it is linked, a byte more is refused', (id, address, length) => {
  const chip = findChip(id);
  expect(placeImage(chip, [{ address, length }]).segments[0]!.storeAddress).toBe(address);
  for (const wrong of [
    { address, length: length + 1 },
    { address: address - 1, length: 1 },
  ])
    expect(() => placeImage(chip, [wrong])).toThrow(/no range that|outside of the flash/);
});

test('a journal unit can be a group of pages', () => {
  expect(
    findChip('stm32g0b1').layout.journal.map(({ eraseUnits }) => eraseUnits.map(({ index }) => index)),
  ).toEqual([
    [18, 19, 20, 21],
    [22, 23, 24, 25],
  ]);
});

test('row and burst program faster and erase as ever', () => {
  const range = [{ addressStart: 0x08000000, length: 8192 }];
  const l476 = findChip('stm32l476');
  expect(eraseProgramTimeUs(l476, range, 'typical')).toBe(4 * 22_020 + 1024 * 82);
  expect(eraseProgramTimeUs(l476, range, 'typical', 'row')).toBe(4 * 22_020 + 32 * 1910);
  expect(eraseProgramTimeUs(findChip('stm32u575'), range, 'typical', 'burst')).toBe(1500 + 64 * 384);
});

test('U575: 0x55 is level 0.5 with TrustZone only, and counts as level 0', () => {
  const chip = findChip('stm32u575');
  const half = withOptionField(chip, defaultOptionValues(chip), { name: 'RDP', value: 0x55 });
  expect(readoutLevel(chip, half)).toBe(1);
  expect(readoutLevel(chip, withOptionField(chip, half, { name: 'TZEN', value: 1 }))).toBe(0);
});

test('H563: closed counts as level 1, locked as 2, everything else as 0', () => {
  const chip = findChip('stm32h563');
  for (let value = 0; value < 256; value++) {
    const level = readoutLevel(chip, withOptionField(chip, new Map(), { name: 'PRODUCT_STATE', value }));
    expect([value, level]).toEqual([value, value === 0x72 ? 1 : value === 0x5c ? 2 : 0]);
  }
});

test('regression keys stand where the lock bits are seen', () => {
  expect(findChip('stm32u575').readoutProtection.regressionKeys).toMatchObject([
    { name: 'OEM1', keyRegisters: [0x40022070, 0x40022074], lockRegister: 0x40022020, lockBit: 18 },
    { name: 'OEM2', keyRegisters: [0x40022078, 0x4002207c], lockRegister: 0x40022020, lockBit: 19 },
  ]);
});

test('H563: debug authentication takes back what left open, but for locked and what TrustZone closed', () => {
  const { debugAuthentication, productStates } = findChip('stm32h563').readoutProtection;
  expect(debugAuthentication).toMatchObject({
    ...{ passwordWhile: { field: 'TZEN', value: 0xc3 }, provisionedIn: 0x17, endsIn: 0xed },
    opens: [0x17, 0x2e, 0x72],
  });
  expect(productStates).toHaveLength(8);
});

/** Bytes that a DfuSe layout string describes, and where it starts: `@name /0xADDRESS/n*sizeUtype,...`. */
function layoutOf(text: string): { addressStart: number; length: number } {
  const [, address, runs] = /^@[^/]+\/0x([0-9A-F]{8})\/([^/]+)/.exec(text)!;
  const units = { ' ': 1, K: 1024, M: 1048576 } as Record<string, number>;
  const length = runs!.split(',').reduce((sum, run) => {
    const [, count, size, unit] = /^(\d+)\*(\d+)([ KM])[a-g]$/.exec(run)!;
    return sum + Number(count) * Number(size) * units[unit!]!;
  }, 0);
  return { addressStart: Number.parseInt(address!, 16), length };
}

describe.each(chips.map((chip) => [chip.id, chip] as const))('%s', (_, chip) => {
  test('the DfuSe ROM shows the whole flash first, and option bytes or OTP where they are', () => {
    const { alternates } = chip.romBootloader.dfu!;
    const flash = { addressStart: chip.flash.addressStart, length: chip.flash.sizeBytes };
    expect(layoutOf(alternates[0]!)).toEqual(flash);
    for (const text of alternates) {
      const { addressStart } = layoutOf(text);
      if (text.startsWith('@OTP')) expect(addressStart).toBe(chip.otp!.addressStart);
    }
  });

  test('the UART ROM can be asked, read, written and erased', () => {
    const { commands } = chip.romBootloader.uart!;
    for (const command of [0x00, 0x01, 0x02, 0x11, 0x21, 0x31]) expect(commands).toContain(command);
    expect(commands.filter((one) => one === 0x43 || one === 0x44)).toHaveLength(1);
    expect([...commands]).toEqual([...new Set(commands)].sort((a, b) => a - b));
  });

  test('a blank part boots bank 1, from the flash, unlocked', () => {
    const { bankField, bankValue, lock, addressFields } = chip.boot;
    const values = defaultOptionValues(chip);
    if (bankField !== undefined) expect(optionField(chip, values, bankField)).toBe(bankValue === 1 ? 0 : 1);
    if (lock !== undefined) expect(optionField(chip, values, lock.field)).not.toBe(lock.value);
    if (addressFields !== undefined)
      expect(optionField(chip, values, addressFields.pinLow) * 2 ** addressFields.shift).toBe(0x08000000);
    if (chip.flash.onlyWith !== undefined)
      expect(optionField(chip, values, chip.flash.onlyWith.field)).toBe(chip.flash.onlyWith.value);
  });

  test('the journal can hold a license and more: at least 8 KiB each, on the write unit', () => {
    for (const { sizeBytes, addressStart } of chip.layout.journal) {
      expect(sizeBytes).toBeGreaterThanOrEqual(8192);
      expect(addressStart % chip.write.unitBytes).toBe(0);
    }
  });

  test('slots lie in the flash, banks do not overlap, ram and flash are apart', () => {
    const end = chip.flash.addressStart + chip.flash.sizeBytes;
    for (const { storeStart, length } of chip.layout.slots)
      expect(storeStart + length).toBeLessThanOrEqual(end);
    for (const { addressStart, length } of chip.ram)
      expect(addressStart + length <= chip.flash.addressStart || addressStart >= end).toBe(true);
  });

  test('typical is never more than maximum', () => {
    const all = [chip.timing.program, chip.timing.massErase, ...chip.timing.erase.values()];
    for (const timing of [...all.flatMap((one) => Object.values(one)), chip.timing.optionProgram])
      expect(timing.typicalUs).toBeLessThanOrEqual(timing.maximumUs);
    for (const { parallelism } of chip.write.modes.filter(({ externalVpp }) => !externalVpp))
      expect(chip.timing.program[parallelism]).toBeDefined();
  });
});
