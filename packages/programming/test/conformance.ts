// The conformance suite of the seam "programmer of a chip": what holds for every way to a chip, run
// against virtual chips of the catalogue. The judge looks at what the chip holds, not at what the way
// says.

import {
  type Chip,
  findChip,
  type OptionValues,
  optionField,
  withOptionField,
  writeProtecting,
} from '@firmseal/chips';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChipProgrammer } from '../src/index.ts';

export interface ProgrammerBench {
  readonly chip: VirtualChip;
  readonly programmer: ChipProgrammer;
  /** Lets time pass on the clock of the way until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
  /** Whether a program at the address was started. */
  readonly started: (address: number) => boolean;
  readonly close: () => Promise<void>;
}

export interface ProgrammerWay {
  readonly name: string;
  readonly chips: readonly string[];
  /** A blank chip at readout level 0, taken for the chip `named`. */
  readonly open: (id: string, named: Chip) => Promise<ProgrammerBench>;
  /** A reason why the way cannot be tried here; tests are then skipped with it. */
  readonly lack?: string;
}

const pattern = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 0xff);

/** The brown-out level, on which nothing else depends: its field on each chip. */
const brownOut = (chip: Chip): string =>
  chip.options.registers.flatMap(({ fields }) => fields).find(({ name }) => /^BOR(F)?_LEV$/.test(name))!.name;

const only = (values: OptionValues, registers: Iterable<number>): [number, number][] =>
  [...registers].map((register) => [register, values.get(register)!]);

function withRequirements(values: OptionValues, chip: Chip, ranges: Parameters<typeof writeProtecting>[1]) {
  const after = new Map(values);
  for (const { register, mask, value } of writeProtecting(chip, ranges))
    after.set(register, ((after.get(register)! & ~mask) | value) >>> 0);
  return after;
}

/** A refusal, whatever its words: each way has its own. */
const refusal = (error: unknown) => error as { code?: string };

export function describeProgrammer({ name, chips, open, lack }: ProgrammerWay): void {
  describe.each([...chips])(`${name}: %s`, (id) => {
    const chip = findChip(id);
    const { eraseUnits, addressStart: flash } = chip.flash;
    const [first, second] = [eraseUnits[0]!, eraseUnits[1]!];
    let bench: ProgrammerBench;
    beforeAll(async () => {
      if (lack === undefined) bench = await open(id, chip);
    });
    afterAll(async () => bench?.close());
    const run = <T>(promise: Promise<T>): Promise<T> => bench.run(promise);
    const has = (address: number, length = 32) => bench.chip.judge.flash(address, length);
    const blank = new Uint8Array(32).fill(0xff);
    const test = (title: string, body: () => Promise<void>) =>
      it(title, (context) => (lack === undefined ? body() : context.skip(lack)));

    test('says what the chip is', async () => {
      const identity = await run(bench.programmer.identify());
      expect(identity).toMatchObject({ readProtected: false, flashSizeBytes: chip.flash.sizeBytes });
      expect(identity.uniqueId).toEqual(bench.chip.uid);
      if (identity.deviceId !== undefined) expect(identity.deviceId).toBe(chip.identity.deviceId);
      if (identity.bootloaderVersion !== undefined)
        expect(chip.romBootloader.version.known).toContain(identity.bootloaderVersion);
    });

    test('erases the units that are meant, and writes and reads what is meant', async () => {
      const bytes = pattern(3072);
      await run(bench.programmer.eraseUnits([first, second]));
      const blocks: number[] = [];
      await run(bench.programmer.write(first.addressStart, bytes, (done) => blocks.push(done)));
      expect(blocks.at(-1)).toBe(bytes.length);
      expect(has(first.addressStart, bytes.length)).toEqual(bytes);
      const read = await run(bench.programmer.read(first.addressStart + 5, 3000));
      expect(read).toEqual(bytes.slice(5, 3005));
      if (bench.programmer.holds !== undefined) {
        const segments = [64, 1024].map((at) => ({
          address: first.addressStart + at,
          bytes: bytes.slice(at, at + 500),
        }));
        expect(await run(bench.programmer.holds(segments))).toBe(true);
        segments[1]!.bytes[499]! ^= 1;
        expect(await run(bench.programmer.holds(segments))).toBe(false);
      }
      await run(bench.programmer.write(second.addressStart + 1024, bytes.slice(0, 512)));
      const erased: number[] = [];
      await run(bench.programmer.eraseUnits([first], (units) => erased.push(units)));
      expect(erased).toEqual([1]);
      expect(has(first.addressStart)).toEqual(blank);
      expect(has(second.addressStart + 1024, 512)).toEqual(bytes.slice(0, 512));
    });

    test('stops reading where it is told to', async () => {
      let blocks = 0;
      const length = 128 * 1024;
      const read = await run(bench.programmer.read(flash, length, () => ++blocks < 2));
      expect(blocks).toBe(2);
      expect(read.length).toBeLessThan(length);
    });

    test('reaches the last write unit of the flash', async () => {
      const last = eraseUnits.at(-1)!;
      const bytes = pattern(chip.write.unitBytes, 9);
      const address = last.addressStart + last.sizeBytes - bytes.length;
      await run(bench.programmer.eraseUnits([last]));
      await run(bench.programmer.write(address, bytes));
      expect(has(address, bytes.length)).toEqual(bytes);
      expect(await run(bench.programmer.read(address, bytes.length))).toEqual(bytes);
    });

    test('erases all of the flash', async () => {
      await run(bench.programmer.eraseAll());
      for (const { addressStart } of [first, second, eraseUnits.at(-1)!])
        expect(has(addressStart)).toEqual(blank);
    });

    test('reads the option bytes in force, changes one field and leaves the others', async () => {
      const before = await run(bench.programmer.readOptions());
      expect([...before]).toEqual(only(bench.chip.judge.optionsLoaded, before.keys()));
      const field = brownOut(chip);
      const value = optionField(chip, before, field) === 1 ? 2 : 1;
      const wanted = withOptionField(chip, before, { name: field, value });
      await run(bench.programmer.writeOptions(wanted));
      expect([...(await run(bench.programmer.readOptions()))]).toEqual([...wanted]);
      expect(optionField(chip, bench.chip.judge.optionsLoaded, field)).toBe(value);
      expect(only(bench.chip.judge.optionsLoaded, before.keys())).toEqual([...wanted]);
      await run(bench.programmer.writeOptions(before));
      expect(optionField(chip, bench.chip.judge.optionsLoaded, field)).toBe(optionField(chip, before, field));
    });

    test('refuses a register that it does not reach, before it changes anything', async () => {
      const before = await run(bench.programmer.readOptions());
      const unknown = chip.options.registers.find(({ id: register }) => !before.has(register))?.id ?? 99;
      const inForce = [...bench.chip.judge.optionsStored];
      const wanted = withOptionField(chip, before, { name: brownOut(chip), value: 2 }).set(unknown, 0);
      await expect(run(bench.programmer.writeOptions(wanted))).rejects.toMatchObject({
        code: 'option-not-reachable',
      });
      expect([...bench.chip.judge.optionsStored]).toEqual(inForce);
    });

    test('changes nothing in a unit that option bytes protect, and does so when they let go', async () => {
      await run(bench.programmer.write(second.addressStart, pattern(256)));
      const before = await run(bench.programmer.readOptions());
      const range = { addressStart: second.addressStart, length: second.sizeBytes };
      await run(bench.programmer.writeOptions(withRequirements(before, chip, [range])));
      await run(bench.programmer.eraseUnits([second]).catch(refusal));
      expect(has(second.addressStart, 256)).toEqual(pattern(256));
      await run(bench.programmer.writeOptions(before));
      await run(bench.programmer.eraseUnits([second]));
      expect(has(second.addressStart)).toEqual(blank);
    });

    test('protects the flash from being read, and unprotects it, which erases', async () => {
      if (chip.readoutProtection.productStates !== undefined) {
        await expect(run(bench.programmer.unprotect())).rejects.toMatchObject({
          code: 'unprotect-not-possible',
        });
        return;
      }
      await run(bench.programmer.write(first.addressStart, pattern(256)));
      await run(bench.programmer.protect());
      expect(bench.chip.judge.readoutLevel).toBe(1);
      expect(has(first.addressStart, 256)).toEqual(pattern(256));
      await expect(run(bench.programmer.read(first.addressStart, 16))).rejects.toBeDefined();
      expect(await run(bench.programmer.identify())).toMatchObject({ readProtected: true });
      await run(bench.programmer.unprotect());
      expect(bench.chip.judge.readoutLevel).toBe(0);
      expect(has(first.addressStart)).toEqual(blank);
      expect(await run(bench.programmer.read(first.addressStart, 32))).toEqual(blank);
    });

    test('starts a program', async () => {
      const program = pattern(512);
      const view = new DataView(program.buffer);
      view.setUint32(0, chip.ram[0]!.addressStart + 0x1000, true);
      view.setUint32(4, flash + 0x101, true);
      view.setUint16(0x100, 0xe7fe, true); // b .
      await run(bench.programmer.write(flash, program));
      await run(bench.programmer.start(flash));
      expect(bench.started(flash)).toBe(true);
    });
  });

  const [one, other] = chips;
  it(`${name}: a chip that is another than it was taken for is refused`, async (context) => {
    if (lack !== undefined) return context.skip(lack);
    const bench = await open(one!, findChip(other!));
    try {
      await expect(bench.run(bench.programmer.identify())).rejects.toMatchObject({
        code: 'chip-is-another',
        fields: { chip: other },
      });
    } finally {
      await bench.close();
    }
  });
}
