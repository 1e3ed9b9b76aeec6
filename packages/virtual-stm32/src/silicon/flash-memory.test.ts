// The rules of the flash controllers, each chip's own, with the figures of its data sheet.

import { findChip } from '@firmseal/chips';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PowerLost } from '../chip/signals.ts';
import { SimulatedClock } from './clock.ts';
import { FlashMemory } from './flash-memory.ts';
import { FlashTiming, type TimingModel } from './flash-timing.ts';
import { PowerSupply } from './power-supply.ts';
import { SeededRandom } from './random.ts';
import { SupplyRail } from './supply-rail.ts';

function flashOf(id: string, { model = 'typical' as TimingModel, seed = 'flash', locked = -1 } = {}) {
  const chip = findChip(id);
  const clock = new SimulatedClock();
  const nowUs = () => clock.nowUs;
  const limits = { nowUs, resetMillivolts: () => 1700, flashMillivolts: chip.supply.leastMillivolts };
  const rail = new SupplyRail(limits);
  const power = new PowerSupply(rail);
  power.switchOn();
  const timing = new FlashTiming({ chip, clock, model, random: new SeededRandom(`${seed}/timing`) });
  const flash = new FlashMemory({
    ...{ chip, power, timing, rail, random: new SeededRandom(seed) },
    isWriteProtected: (unit) => unit.index === locked,
    time: {
      nowUs,
      waitUntilUs: (timeUs) => clock.advance(Math.max(0, timeUs - clock.nowUs)),
    },
  });
  return { chip, clock, power, rail, flash };
}

const word = (value: number) => Uint8Array.of(value, value, value, value);
const flashWord = (value: number) => new Uint8Array(32).fill(value);
const f4 = 0x08020000;
const h7 = 0x08020000;

test('F427: programming clears bits and never sets one, without an error', () => {
  const { flash } = flashOf('stm32f427');
  expect(flash.programUnit(f4, word(0xf0))).toBe('ok');
  expect(flash.programUnit(f4, word(0x3c))).toBe('ok');
  expect(flash.read(f4, 4)).toEqual(word(0x30));
});

test.each([
  ['x8', 1],
  ['x16', 2],
  ['x32', 4],
] as const)('F427 at %s programs %i bytes at a time, aligned, nothing else', (parallelism, size) => {
  const { flash } = flashOf('stm32f427');
  flash.setParallelism(parallelism);
  expect(flash.programUnit(f4, new Uint8Array(size))).toBe('ok');
  expect(flash.programUnit(f4, new Uint8Array(size + 1))).toBe('wrong-size');
  expect(flash.programUnit(f4, new Uint8Array(8))).toBe('wrong-size');
  if (size > 1) expect(flash.programUnit(f4 + 1, new Uint8Array(size))).toBe('misaligned');
  expect(flash.read(f4, size)).toEqual(new Uint8Array(size));
  expect(flash.read(f4 + size, 1)).toEqual(Uint8Array.of(0xff));
});

test('F427: x64 needs a VPP that nobody here supplies', () => {
  expect(() => flashOf('stm32f427').flash.setParallelism('x64')).toThrow(RangeError);
});

test('H743: one flash word of 32 bytes, once; a second program breaks its code and reads fault', () => {
  const { flash } = flashOf('stm32h743');
  expect(flash.programUnit(h7, word(0))).toBe('wrong-size');
  expect(flash.programUnit(h7 + 16, flashWord(0))).toBe('misaligned');
  expect(flash.programUnit(h7, flashWord(0xff))).toBe('ok');
  expect(flash.read(h7, 32)).toEqual(flashWord(0xff));
  expect(flash.programUnit(h7, flashWord(0x55))).toBe('not-erased');
  expect(flash.read(h7, 32)).toBe('ecc-fault');
  expect(flash.read(h7 - 4, 8)).toBe('ecc-fault');
  expect(flash.read(h7 + 32, 32)).toEqual(flashWord(0xff));
  expect(flash.peek(h7, 32)).toEqual(flashWord(0x55));
  expect(flash.eraseUnit(h7)).toBe('ok');
  expect(flash.programUnit(h7, flashWord(0x55))).toBe('ok');
  expect(flash.read(h7, 32)).toEqual(flashWord(0x55));
});

test.each(['stm32f427', 'stm32h743'])('%s: an erase takes the whole unit and no byte beside it', (id) => {
  const { chip, flash } = flashOf(id);
  const unit = chip.flash.eraseUnits[5]!;
  const size = chip.write.unitBytes;
  const end = unit.addressStart + unit.sizeBytes;
  for (const at of [unit.addressStart - size, unit.addressStart, end - size, end])
    flash.programUnit(at, new Uint8Array(size));
  expect(flash.eraseUnit(unit.addressStart + 12345)).toBe('ok');
  const erased = new Uint8Array(size).fill(0xff);
  expect(flash.read(unit.addressStart, size)).toEqual(erased);
  expect(flash.read(end - size, size)).toEqual(erased);
  expect(flash.read(unit.addressStart - size, size)).toEqual(new Uint8Array(size));
  expect(flash.read(end, size)).toEqual(new Uint8Array(size));
});

test('addresses outside the flash', () => {
  const { flash } = flashOf('stm32f427');
  expect(flash.programUnit(0x08200000, word(0))).toBe('out-of-range');
  expect(flash.eraseUnit(0x07fffffc)).toBe('out-of-range');
  expect(flash.read(0x081ffffe, 4)).toBe('bus-fault');
  expect(() => flash.peek(0x081ffffe, 4)).toThrow(RangeError);
});

test('a write-protected unit is neither programmed nor erased, and keeps a mass erase away', () => {
  const { flash, power } = flashOf('stm32f427', { locked: 5 });
  expect(flash.programUnit(f4, word(0))).toBe('write-protected');
  expect(flash.eraseUnit(f4)).toBe('write-protected');
  expect(flash.programUnit(f4 + 131072, word(0))).toBe('ok');
  expect(flash.massErase()).toBe('write-protected');
  expect(power.operations).toBe(1);
  flash.eraseAllExcept(() => false);
  expect(flash.read(f4 + 131072, 4)).toEqual(word(0xff));
});

test.each([
  ['stm32f427', 'typical', 16, 1_000_000],
  ['stm32f427', 'maximum', 100, 2_000_000],
  ['stm32h743', 'typical', 100, 1_000_000],
  ['stm32h743', 'maximum', 200, 2_000_000],
] as const)('%s, %s: program %i us, erase of 128 KiB %i us', (id, model, programUs, eraseUs) => {
  const { chip, clock, flash } = flashOf(id, { model });
  flash.programUnit(f4, new Uint8Array(chip.write.unitBytes));
  expect(clock.nowUs).toBe(programUs);
  flash.eraseUnit(f4);
  expect(clock.nowUs).toBe(programUs + eraseUs);
});

test('between: every operation takes a time of its own, from typical to maximum, by the seed', () => {
  const times = (seed: string) => {
    const { clock, flash } = flashOf('stm32h743', { model: 'between', seed });
    return Array.from({ length: 50 }, (_, i) => {
      const before = clock.nowUs;
      flash.programUnit(h7 + 32 * i, flashWord(0));
      return clock.nowUs - before;
    });
  };
  expect(Math.min(...times('a'))).toBeGreaterThanOrEqual(100);
  expect(Math.max(...times('a'))).toBeLessThanOrEqual(200);
  expect(new Set(times('a')).size).toBeGreaterThan(10);
  expect(times('a')).toEqual(times('a'));
  expect(times('a')).not.toEqual(times('b'));
});

test.each(['before', 'torn', 'after'] as const)('F427: a program cut %s', (moment) => {
  const { flash, power } = flashOf('stm32f427');
  power.plan([{ operation: 2, moment }]);
  flash.programUnit(f4, word(0));
  expect(() => flash.programUnit(f4 + 4, word(0))).toThrow(PowerLost);
  expect(power.fired).toEqual([{ operation: 2, moment }]);
  expect(power.pending).toEqual([]);
  expect(power.on).toBe(false);
  expect(() => flash.programUnit(f4 + 8, word(0))).toThrow(PowerLost);
  const after = flash.peek(f4 + 4, 4);
  if (moment === 'before') expect(after).toEqual(word(0xff));
  if (moment === 'after') expect(after).toEqual(word(0));
  if (moment === 'torn') expect([word(0), word(0xff)]).not.toContainEqual(after);
  expect(flash.peek(f4, 4)).toEqual(word(0));
  expect(flash.peek(f4 + 8, 4)).toEqual(word(0xff));
});

test('F427: a torn program only clears bits that were to be cleared', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.string(), (data, seed) => {
      const { flash, power } = flashOf('stm32f427', { seed });
      flash.programUnit(f4, word(0x7e));
      power.plan([{ operation: 2, moment: 'torn' }]);
      expect(() => flash.programUnit(f4, data)).toThrow(PowerLost);
      flash.peek(f4, 4).forEach((byte, i) => {
        expect(byte & ~0x7e).toBe(0);
        expect(byte & 0x7e & data[i]!).toBe(0x7e & data[i]!);
      });
    }),
    { seed: 3 },
  );
});

test('H743: a torn flash word faults when read, whichever the seed', () => {
  let faults = 0;
  for (let i = 0; i < 100; i++) {
    const { flash, power } = flashOf('stm32h743', { seed: `torn ${i}` });
    power.plan([{ operation: 1, moment: 'torn' }]);
    expect(() => flash.programUnit(h7, flashWord(0x0f))).toThrow(PowerLost);
    if (flash.read(h7, 32) === 'ecc-fault') faults++;
  }
  expect(faults).toBe(100);
});

test.each(['stm32f427', 'stm32h743'])('%s: a torn erase leaves a mixture, ECC parts with faults', (id) => {
  const { chip, flash, power } = flashOf(id);
  const unit = chip.flash.eraseUnits[5]!;
  const size = chip.write.unitBytes;
  for (let at = 0; at < 4096; at += size)
    flash.programUnit(unit.addressStart + at, new Uint8Array(size).fill(0x5a));
  power.plan([{ operation: power.operations + 1, moment: 'torn' }]);
  expect(() => flash.eraseUnit(unit.addressStart)).toThrow(PowerLost);
  power.switchOn();
  const lines = { kept: 0, erased: 0, other: 0, faults: 0 };
  for (let at = 0; at < 4096; at += 32) {
    const raw = flash.peek(unit.addressStart + at, 32);
    if (raw.every((byte) => byte === 0x5a)) lines.kept++;
    else if (raw.every((byte) => byte === 0xff)) lines.erased++;
    else lines.other++;
    if (flash.read(unit.addressStart + at, 32) === 'ecc-fault') lines.faults++;
  }
  expect(lines.kept).toBeGreaterThan(10);
  expect(lines.erased).toBeGreaterThan(10);
  expect(lines.other).toBeGreaterThan(10);
  expect(lines.faults).toBe(id === 'stm32h743' ? lines.other : 0);
  expect(flash.eraseUnit(unit.addressStart)).toBe('ok');
  expect(flash.read(unit.addressStart, 4096)).toEqual(new Uint8Array(4096).fill(0xff));
});

test('a plan for an operation that has passed is refused', () => {
  const { flash, power } = flashOf('stm32f427');
  flash.programUnit(f4, word(0));
  expect(() => power.plan([{ operation: 1, moment: 'torn' }])).toThrow(RangeError);
});

test('an observer sees every operation in order', () => {
  const { flash, power } = flashOf('stm32f427');
  const seen: unknown[] = [];
  power.onOperation = (operation) => seen.push(operation);
  flash.eraseUnit(f4 + 100);
  flash.programUnit(f4, word(0));
  expect(seen).toEqual([
    { number: 1, kind: 'erase', address: f4, length: 131072 },
    { number: 2, kind: 'program', address: f4, length: 4 },
  ]);
});

describe('a supply that sags', () => {
  const fill = (flash: FlashMemory) => {
    for (let i = 0; i < 64; i++) expect(flash.programUnit(f4 + 256 * i, word(0))).toBe('ok');
  };

  test('F427: below 2.7 V an erase is half done, and no status says so', () => {
    const { flash, rail } = flashOf('stm32f427');
    fill(flash);
    rail.hold(2650);
    expect(flash.eraseUnit(f4)).toBe('ok');
    const sound = flashOf('stm32f427');
    fill(sound.flash);
    sound.rail.hold(2700);
    sound.flash.eraseUnit(f4);
    expect(sound.flash.contentOf(5)).toBe('erased');
    expect(flash.contentOf(5)).not.toBe('erased');
  });

  test('a dip within the time of an erase is enough, whether somebody waits or not', () => {
    for (const waits of [true, false]) {
      const { flash, rail, clock, chip } = flashOf('stm32f427');
      fill(flash);
      const [from, half] = [clock.nowUs, chip.timing.erase.get(128 << 10)!.x32!.typicalUs / 2];
      rail.follow([
        { atUs: from, millivolts: 3300 },
        { atUs: from + half, millivolts: 2000 },
        { atUs: from + 2 * half, millivolts: 3300 },
      ]);
      if (waits) flash.eraseUnit(f4);
      else flash.eraseUnit(f4, () => {});
      flash.underWay.waitFor();
      expect(rail.millivolts).toBe(3300);
      expect(flash.contentOf(5)).not.toBe('erased');
    }
  });

  test('below the reset there is no power, and no operation', () => {
    const { flash, rail, power } = flashOf('stm32f427');
    rail.hold(1600);
    expect(() => flash.programUnit(f4, word(0))).toThrow(PowerLost);
    expect([power.on, power.bears]).toEqual([true, false]);
  });

  test('its course goes straight from point to point, at rising times', () => {
    const { rail, clock } = flashOf('stm32f427');
    rail.follow([
      { atUs: 100, millivolts: 3000 },
      { atUs: 200, millivolts: 2000 },
    ]);
    expect(rail.millivolts).toBe(3000);
    clock.advance(150);
    expect(rail.millivolts).toBe(2500);
    clock.advance(1000);
    expect(rail.millivolts).toBe(2000);
    expect(() => rail.follow([])).toThrow(RangeError);
  });
});
