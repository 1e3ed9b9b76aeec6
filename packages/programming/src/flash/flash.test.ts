// Plain programming by plan, on virtual chips through their UART bootloaders. The judge looks at the chip.

import { findChip, withOptionField } from '@firmseal/chips';
import { TestClock } from '@firmseal/link/testing';
import { openChipUart, startInBootloader } from '@firmseal/uart-bootloader/testing';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import {
  type ChipProgrammer,
  type FlashEvent,
  type FlashRequest,
  firstDifference,
  firstProgrammed,
  openUartProgrammer,
  planFlash,
  planTexts,
  readOptionSetting,
  runPlan,
} from '../index.ts';

const flash = 0x0800_0000;
const pattern = (length: number, seed = 1): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 0xff);

interface Bench {
  readonly chip: VirtualChip;
  readonly programmer: ChipProgrammer;
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
  readonly plan: (request: FlashRequest) => ReturnType<typeof planFlash>;
  readonly flash: (request: FlashRequest) => Promise<FlashEvent[]>;
}

async function bench(id: string, chip = startInBootloader(id)): Promise<Bench> {
  const clock = new TestClock();
  const run = <T>(promise: Promise<T>): Promise<T> => clock.run(promise);
  const stream = openChipUart(chip);
  const programmer = await run(openUartProgrammer({ chip: findChip(id), stream, clock }));
  const plan = (request: FlashRequest) => run(planFlash(programmer, request));
  return {
    ...{ chip, programmer, run, plan },
    flash: async (request) => {
      const events: FlashEvent[] = [];
      const onEvent = (event: FlashEvent) => events.push(event);
      await run(runPlan(programmer, await plan(request), { onEvent }));
      return events;
    },
  };
}

const actions = async (one: Bench, request: FlashRequest) =>
  (await one.plan(request)).units.map(({ action }) => action);

/** Content that stands in the chip before, by its debug port. */
function put(chip: VirtualChip, address: number, bytes: Uint8Array): void {
  chip.debug.connect();
  if (chip.debug.programFlash(address, bytes) !== 'ok') throw new Error('not programmed');
  chip.debug.disconnect();
}

describe('plain programming', () => {
  it('erases sectors that are all image, writes, compares; the next time it finds nothing to do', async () => {
    const one = await bench('stm32g0b1');
    const segments = [{ address: flash, bytes: pattern(5000) }];
    expect(await actions(one, { segments })).toEqual(['erase-and-program', 'erase-and-program', 'program']);
    const before = one.chip.power.operations;
    const events = await one.flash({ segments });
    expect(one.chip.power.operations - before).toBe(2 + 625);
    expect(one.chip.judge.flash(flash, 5000)).toEqual(segments[0]!.bytes);
    const stages = events.flatMap((event) => (event.event === 'progress' ? [event.stage] : []));
    expect([...new Set(stages)]).toEqual(['erase', 'write', 'verify']);
    const last = events.findLast((event) => event.event === 'progress' && event.stage === 'verify');
    expect(last).toMatchObject({ done: 5000, total: 5000 });

    expect(await actions(one, { segments })).toEqual(['skip', 'skip', 'skip']);
    const operations = one.chip.power.operations;
    await one.flash({ segments });
    expect(one.chip.power.operations).toBe(operations);
  });

  it('erases and writes only the sectors that differ', async () => {
    const one = await bench('stm32g0b1');
    const bytes = pattern(6 * 1024);
    await one.flash({ segments: [{ address: flash, bytes }] });
    const changed = bytes.slice();
    changed[3000]! ^= 1;
    const segments = [{ address: flash, bytes: changed }];
    expect(await actions(one, { segments })).toEqual(['skip', 'erase-and-program', 'skip']);
    await one.flash({ segments });
    expect(one.chip.judge.flash(flash, bytes.length)).toEqual(changed);
  });

  it('says what a sector loses besides the image, and keeps it when asked', async () => {
    const rest = pattern(64, 7);
    const one = await bench('stm32g0b1');
    put(one.chip, flash, pattern(64, 3));
    put(one.chip, flash + 1024, rest);
    const segments = [{ address: flash + 16, bytes: pattern(8) }];
    expect(planTexts(await one.plan({ segments }))).toEqual([
      '0x08000000 to 0x080007FF: 1 sector (2 KiB) is erased and programmed; what they hold besides is lost',
    ]);
    await one.flash({ segments, keepRest: true });
    expect(one.chip.judge.flash(flash + 16, 8)).toEqual(pattern(8));
    expect(one.chip.judge.flash(flash, 16)).toEqual(pattern(64, 3).slice(0, 16));
    expect(one.chip.judge.flash(flash + 1024, 64)).toEqual(rest);
    await one.flash({ segments: [{ address: flash + 16, bytes: pattern(8, 5) }] });
    expect(one.chip.judge.flash(flash + 1024, 64)).toEqual(new Uint8Array(64).fill(0xff));
  });

  it('leaves data beside the image alone where the image falls on erased write units', async () => {
    const one = await bench('stm32l476');
    put(one.chip, flash + 8, pattern(8, 3));
    const segments = [
      { address: flash + 2, bytes: pattern(4) },
      { address: flash + 16, bytes: pattern(5) },
    ];
    expect(await actions(one, { segments })).toEqual(['program']);
    await one.flash({ segments });
    expect(one.chip.judge.flash(flash, 24)).toEqual(
      Uint8Array.of(255, 255, ...pattern(4), 255, 255, ...pattern(8, 3), ...pattern(5), 255, 255, 255),
    );
  });

  it('erases after all what only looked erased: words that were programmed with 0xFF', async () => {
    const one = await bench('stm32h743');
    put(one.chip, flash + 64, new Uint8Array(32).fill(0xff));
    const segments = [{ address: flash, bytes: pattern(256) }];
    expect(await actions(one, { segments })).toEqual(['program']);
    const events = await one.flash({ segments });
    expect(events).toContainEqual({ event: 'unit-again', address: flash });
    expect(one.chip.judge.flash(flash, 256)).toEqual(pattern(256));
    expect(one.chip.judge.isReadable(flash, 256)).toBe(true);
  });

  it('does not program long runs of erased bytes', async () => {
    const one = await bench('stm32f427');
    const bytes = new Uint8Array(16_384).fill(0xff);
    bytes.set(pattern(16));
    bytes.set(pattern(16), 16_000);
    await one.flash({ segments: [{ address: flash, bytes }] });
    expect(one.chip.power.operations).toBe(1 + 8);
    expect(one.chip.judge.flash(flash, bytes.length)).toEqual(bytes);
  });

  it('refuses an image outside of the flash, and one on sectors that are write-protected', async () => {
    const one = await bench('stm32f427');
    const outside = one.plan({ segments: [{ address: 0x2000_0000, bytes: pattern(8) }] });
    await expect(outside).rejects.toMatchObject({ code: 'address-not-in-flash' });
    const options = [readOptionSetting(findChip('stm32f427'), 'nWRP0_11=0xFFD')];
    await one.flash({ options });
    const segments = [{ address: flash + 0x4000, bytes: pattern(8) }];
    await expect(one.plan({ segments })).rejects.toMatchObject({
      code: 'flash-unit-protected',
      fields: { address: '0x08004000' },
    });
  });

  it('finds out that an erase was acknowledged and not done', async () => {
    const one = await bench('stm32f427');
    put(one.chip, flash, pattern(64, 3));
    const plan = await one.plan({ segments: [{ address: flash, bytes: pattern(64) }] });
    one.programmer.eraseUnits = async () => undefined;
    await expect(one.run(runPlan(one.programmer, plan))).rejects.toMatchObject({
      code: 'erase-not-done',
      fields: { address: '0x08000000' },
    });
    expect(one.chip.judge.flash(flash, 64)).toEqual(pattern(64, 3));
  });

  it.each([
    ['what was written is there', true],
    ['it is not', false],
  ])('believes a way that says without reading that %s; else it reads', async (_, says) => {
    const one = await bench('stm32g0b1');
    const segments = [{ address: flash, bytes: pattern(5000) }];
    const plan = await one.plan({ segments });
    let [reads, asked] = [0, 0];
    const { programmer } = one;
    const quick: ChipProgrammer = Object.assign(Object.create(programmer), {
      eraseUnits: (...given: Parameters<ChipProgrammer['eraseUnits']>) => programmer.eraseUnits(...given),
      // The last word stays as it was: its unit is written and read once more.
      write: (address: number, bytes: Uint8Array) => programmer.write(address, bytes.subarray(0, -8)),
      read: (...given: Parameters<ChipProgrammer['read']>) => {
        reads += given[1] > 4 ? 1 : 0;
        return programmer.read(...given);
      },
      holds: async (wanted: readonly { address: number; bytes: Uint8Array }[]) => {
        asked += wanted.reduce((sum, { bytes }) => sum + bytes.length, 0);
        return says;
      },
    });
    const ended = await one.run(runPlan(quick, plan).catch(({ code }: { code: string }) => code));
    expect(asked).toBe(5000);
    expect([ended, reads]).toEqual(says ? [undefined, 0] : ['write-not-done', 4]);
  });

  it('starts the program at the end', async () => {
    const one = await bench('stm32f427');
    const events = await one.flash({ segments: [{ address: flash, bytes: pattern(64) }], start: flash });
    expect(events.at(-1)).toEqual({ event: 'started', address: flash });
    expect(one.chip.bootedApplication?.address).toBe(flash);
  });

  it('compares, and looks for the first byte that is not erased', async () => {
    const one = await bench('stm32f427');
    const segments = [{ address: flash, bytes: pattern(1000) }];
    await one.flash({ segments });
    expect(await one.run(firstDifference(one.programmer, segments))).toBeUndefined();
    const other = [{ address: flash + 10, bytes: pattern(1000) }];
    expect(await one.run(firstDifference(one.programmer, other))).toBe(flash + 10);
    const ranges = [{ addressStart: flash + 1000, length: 1000 }];
    expect(await one.run(firstProgrammed(one.programmer, ranges))).toBeUndefined();
    const all = [{ addressStart: flash, length: 2048 }];
    expect(await one.run(firstProgrammed(one.programmer, all))).toBe(flash);
  });
});

describe('option bytes by name', () => {
  it('are shown before and after, change, and are in force', async () => {
    const one = await bench('stm32l476');
    const options = ['BOR_LEV=2', 'IWDG_SW=0'].map((text) => readOptionSetting(findChip('stm32l476'), text));
    expect(planTexts(await one.plan({ options }))).toEqual([
      'option byte BOR_LEV=0x0 (level 0) -> 0x2 (level 2)',
      'option byte IWDG_SW=0x1 (started by software) -> 0x0 (started by hardware)',
    ]);
    const events = await one.flash({ options });
    expect(events.at(-1)).toEqual({ event: 'options-in-force', fields: ['BOR_LEV', 'IWDG_SW'] });
    expect(planTexts(await one.plan({ options }))).toEqual([]);
  });

  it.each([
    ['RDP', 'option-setting-malformed'],
    ['RDP=', 'option-setting-malformed'],
    ['RDP=0xZZ', 'option-setting-malformed'],
    ['RDP=0xAA BOR=1', 'option-setting-malformed'],
    ['NONE=1', 'option-field-unknown'],
  ])('%s is refused', (text, code) => {
    expect(() => readOptionSetting(findChip('stm32f427'), text)).toThrow(expect.objectContaining({ code }));
  });

  it('too wide, named twice, or out of reach are refused before anything is written', async () => {
    const one = await bench('stm32g0b1');
    const setting = (text: string) => readOptionSetting(findChip('stm32g0b1'), text);
    const before = [...one.chip.judge.optionsStored];
    for (const [texts, code] of [
      [['BOR_EN=2'], 'option-value-too-wide'],
      [['BOR_EN=1', 'BOR_EN=0'], 'option-setting-repeated'],
      [['SEC_SIZE=1'], 'option-not-reachable'],
    ] as const)
      await expect(one.plan({ options: texts.map(setting) })).rejects.toMatchObject({ code });
    expect([...one.chip.judge.optionsStored]).toEqual(before);
  });

  it('that cannot be taken back need the consent to exactly these steps', async () => {
    const one = await bench('stm32f427');
    const chip = findChip('stm32f427');
    const options = [readOptionSetting(chip, 'RDP=0xCC')];
    const plan = await one.plan({ options });
    expect(planTexts(plan).at(-1)).toMatch(/^PERMANENT: RDP: readout level 2 is for good/);
    for (const consent of [undefined, { steps: [] }])
      await expect(
        one.run(runPlan(one.programmer, plan, consent === undefined ? {} : { consent })),
      ).rejects.toMatchObject({ code: 'permanent-steps-unconfirmed' });
    expect(one.chip.judge.readoutLevel).toBe(0);
    const events: FlashEvent[] = [];
    const onEvent = (event: FlashEvent) => events.push(event);
    await one.run(runPlan(one.programmer, plan, { consent: { steps: plan.permanent }, onEvent }));
    expect(one.chip.judge.readoutLevel).toBe(2);
    expect(events).toEqual([{ event: 'chip-closed' }]);
  });

  it('raise the readout level to 1, which closes the flash; the next plan asks for the way out', async () => {
    const one = await bench('stm32f427');
    const options = [readOptionSetting(findChip('stm32f427'), 'RDP=0xBB')];
    const segments = [{ address: flash, bytes: pattern(64) }];
    const events = await one.flash({ segments, options });
    expect(events.at(-1)).toEqual({ event: 'options-in-force', fields: ['RDP'] });
    expect(one.chip.judge.readoutLevel).toBe(1);
    await expect(one.plan({ segments })).rejects.toMatchObject({ code: 'chip-read-protected' });
    const plan = await one.plan({ segments, unprotect: true });
    expect(planTexts(plan)[0]).toBe('the readout level falls to 0, which erases the whole flash');
    await one.run(runPlan(one.programmer, plan));
    expect(one.chip.judge.readoutLevel).toBe(0);
    expect(one.chip.judge.flash(flash, 64)).toEqual(pattern(64));
  });
});

describe('power that goes in the middle', () => {
  it.each(['stm32h743', 'stm32g0b1'])(
    'of any operation on %s: the same request ends the work',
    async (id) => {
      const unitBytes = findChip(id).write.unitBytes;
      const old = [{ address: flash, bytes: pattern(4 * unitBytes, 5) }];
      const segments = [{ address: flash, bytes: pattern(4 * unitBytes) }];
      let cuts = 0;
      for (const moment of ['before', 'torn', 'after'] as const)
        for (let operation = 1; operation <= 5; operation++) {
          const one = await bench(id, startInBootloader(id, { seed: `cut ${moment} ${operation}` }));
          await one.flash({ segments: old });
          one.chip.power.plan([{ operation: one.chip.power.operations + operation, moment }]);
          const cut = await one.flash({ segments }).catch((error: unknown) => error as { code: string });
          if (!Array.isArray(cut)) {
            cuts++;
            expect(cut.code, `${moment} ${operation}`).toMatch(
              /^bootloader-|^erase-not-done$|^write-not-done$/,
            );
          }
          one.chip.power.plan([]);
          one.chip.powerOn();
          const again = await bench(id, one.chip);
          await again.flash({ segments });
          expect(again.chip.judge.flash(flash, segments[0]!.bytes.length)).toEqual(segments[0]!.bytes);
          expect(again.chip.judge.isReadable(flash, segments[0]!.bytes.length)).toBe(true);
        }
      expect(cuts).toBeGreaterThan(10);
    },
  );
});

it('a plan is made by reading: no operation of the flash, no option byte', async () => {
  const one = await bench('stm32f427');
  put(one.chip, flash, pattern(64, 3));
  const before = one.chip.power.operations;
  const options = [readOptionSetting(findChip('stm32f427'), 'BOR_LEV=1')];
  const plan = await one.plan({ segments: [{ address: flash, bytes: pattern(64) }], options });
  expect(plan.units[0]!.action).toBe('erase-and-program');
  expect(plan.options.after.get(0)).toBe(
    withOptionField(findChip('stm32f427'), plan.options.before, { name: 'BOR_LEV', value: 1 }).get(0),
  );
  expect(one.chip.power.operations).toBe(before);
});
