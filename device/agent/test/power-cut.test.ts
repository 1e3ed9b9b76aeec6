// Power fails at flash operations of an install: before, in the middle, after, and once more while the chip recovers.
// Whatever was cut, the chip afterwards boots nothing but what was completely installed, and the install can be done again.
// Every 5th operation on H743, every 29th on F427 (smaller words, more operations); AGENT_CUTS=all: every one.

import { equalBytes } from '@firmseal/bytes';
import type { CutMoment } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { blankLine, type Line, NoAnswer, personalizedLine } from './line.ts';
import {
  makeLicense,
  makePackage,
  smallAreas,
  type TestChipId,
  type TestLicense,
  type TestPackage,
} from './trusted-site.ts';

const moments: readonly CutMoment[] = ['before', 'torn', 'after'];
const all = process.env['AGENT_CUTS'] === 'all';
const stride: Record<TestChipId, number> = all
  ? { stm32f427: 1, stm32h743: 1 }
  : { stm32f427: 29, stm32h743: 5 };

interface Firmware {
  readonly sealed: TestPackage;
  readonly areas: ReturnType<typeof smallAreas>;
}

async function makeFirmware(
  chipId: TestChipId,
  interruption: 'erase' | 'resume',
  seed: number,
): Promise<Firmware> {
  const areas = smallAreas(chipId, seed);
  return { sealed: await makePackage(chipId, { core: { interruption }, areas }), areas };
}

const holds = (line: Line, { areas }: Firmware) =>
  areas.every(
    ({ area, plaintext }) =>
      plaintext === undefined || equalBytes(line.chip.judge.flash(area.address, area.lengthBytes), plaintext),
  );
const wiped = (line: Line, { areas }: Firmware) =>
  areas.every(({ area }) =>
    line.chip.judge.flash(area.address, area.lengthBytes).every((byte) => byte === 0xff),
  );

/** Runs until the plan cuts power, then restores it, as often as the plan cuts. Returns how often. */
function suffer(line: Line, action: () => void): number {
  const before = line.chip.power.fired.length;
  try {
    action();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
  while (!line.chip.powered) line.chip.powerOn();
  line.chip.power.plan([]);
  return line.chip.power.fired.length - before;
}

function enterAgent(line: Line): void {
  line.chip.setPin('agent-request', true);
  line.chip.reset();
  line.chip.setPin('agent-request', false);
}

function install(line: Line, { sealed }: Firmware, license: TestLicense): void {
  enterAgent(line);
  line.hello();
  line.package(sealed);
  line.license(license);
  line.records(sealed);
}

/** What must hold after any cut. */
function checkAfterCut(line: Line, choices: readonly Firmware[]): void {
  const booted = line.chip.bootedApplication !== undefined;
  enterAgent(line);
  const { lifeCycle, manifestDigest } = line.hello();
  expect(booted).toBe(lifeCycle === 'installed');
  if (lifeCycle === 'erased') expect(choices.some((one) => wiped(line, one))).toBe(true);
  else if (booted) {
    const named = choices.find(({ sealed }) => equalBytes(sealed.manifestDigest, manifestDigest!));
    expect(named && holds(line, named)).toBe(true);
  } else expect(lifeCycle).toBe('installing');
}

describe.each(['stm32h743', 'stm32f427'] as const)('%s', (chipId) => {
  it.each(['erase', 'resume'] as const)(
    'policy %s: an install cut anywhere, and cut again',
    async (policy) => {
      const choices = [
        await makeFirmware(chipId, policy, 1),
        await makeFirmware(chipId, policy, 30),
      ] as const;
      const line = await personalizedLine(chipId, 1);
      await line.install(choices[1].sealed);
      const { power } = line.chip;
      const licenseFor = ({ sealed }: Firmware) => makeLicense(sealed, line.device!);
      const before = power.operations;
      install(line, choices[0], await licenseFor(choices[0]));
      const operations = power.operations - before;
      expect(operations).toBeGreaterThan(90);

      let cuts = 0;
      let round = 1;
      for (let operation = 1; operation <= operations; operation += stride[chipId])
        for (const [i, moment] of moments.entries()) {
          // Each round replaces the firmware that stands by the other one.
          const next = choices[round++ % 2]!;
          const license = await licenseFor(next);
          const at = power.operations + operation;
          power.plan([
            { operation: at, moment },
            { operation: at + 1 + (operation % 5), moment: moments[(i + operation) % 3]! },
          ]);
          cuts += suffer(line, () => install(line, next, license));
          checkAfterCut(line, choices);
          const receipt = await line.install(next.sealed);
          expect(equalBytes(receipt.manifestDigest, next.sealed.manifestDigest)).toBe(true);
          expect(holds(line, next)).toBe(true);
          line.chip.reset();
          expect(line.chip.bootedApplication).toBeDefined();
        }
      expect(cuts).toBeGreaterThan((3 * operations) / stride[chipId]);
    },
    900_000,
  );

  it('personalization cut anywhere: blank and can be done again, or done', async () => {
    const dry = await blankLine(chipId);
    const before = dry.chip.power.operations;
    await dry.personalize(1);
    const operations = dry.chip.power.operations - before;
    let [blank, done] = [0, 0];
    for (let operation = 1; operation <= operations; operation += all ? 1 : chipId === 'stm32h743' ? 3 : 41)
      for (const moment of moments) {
        const line = await blankLine(chipId);
        const { power } = line.chip;
        power.plan([{ operation: power.operations + operation, moment }]);
        await line.personalize(1).catch((error: unknown) => {
          if (!(error instanceof NoAnswer)) throw error;
        });
        expect(power.fired).toHaveLength(1);
        line.chip.powerOn();
        if (line.info().get(3) === 0) {
          blank++;
          await line.personalize(1);
        } else done++;
        expect(line.hello()).toMatchObject({ lifeCycle: 'personalized', readoutLevel: 1 });
      }
    expect(blank).toBeGreaterThan(5);
    expect(done).toBeGreaterThan(0);
  }, 900_000);
});
