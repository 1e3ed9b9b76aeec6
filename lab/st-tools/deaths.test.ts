// The station dies, or the probe is unplugged, at every point of an install. The same command goes on: it
// never asks a card for a second license, and it ends with an outcome or says why the chip needs a person.

import { Fault } from '@firmseal/fault';
import type { FamilyId, Ledger, SfiOutcome } from '@firmseal/sfi';
import { describe, expect, test } from 'vitest';
import { type Bench, Death, installOn, newBench, point } from './bench.ts';
import { freshChip, freshWorld } from './fresh.ts';

const families: readonly FamilyId[] = ['u5', 'h5', 'h7', 'l5'];
/** Faults that name what a person has to look at. */
const forPersons = ['sfi-needs-person', 'sfi-license-may-be-lost'];

const fresh = (family: FamilyId): Bench => newBench(freshWorld([freshChip(family)]));

/** The end of one more run of the same command. */
async function ending(bench: Bench): Promise<string> {
  try {
    return (await installOn(bench)).outcome;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

async function countPoints(family: FamilyId): Promise<{ points: number; lines: number }> {
  const bench = fresh(family);
  expect((await installOn(bench)).outcome).toBe('DONE-UNPROVEN');
  expect(bench.points).toBeGreaterThan(30);
  return { points: bench.points, lines: bench.lines };
}

describe.each(families)('%s', (family) => {
  test('a death at each point', async () => {
    const { points } = await countPoints(family);
    const ends = new Map<string, number>();
    for (let at = 1; at <= points; at++) {
      const bench = fresh(family);
      bench.dieAt = at;
      await expect(installOn(bench), `point ${at}`).rejects.toBeInstanceOf(Death);
      bench.dieAt = 0;
      const end = await ending(bench);
      ends.set(end, (ends.get(end) ?? 0) + 1);
      expect(['DONE-UNPROVEN', ...forPersons], `point ${at}`).toContain(end);
      const again = await ending(bench);
      expect(['DONE-UNPROVEN', ...forPersons], `point ${at}, and once more`).toContain(again);
      expect(bench.world.card.counter, `point ${at}`).toBeGreaterThanOrEqual(9);
    }
    expect(ends.get('DONE-UNPROVEN')).toBeGreaterThan(points / 3);
  });

  test('the probe is unplugged at each line', async () => {
    const { lines } = await countPoints(family);
    for (let at = 1; at <= lines; at++) {
      const bench = fresh(family);
      bench.unplugAt = at;
      const first = await ending(bench);
      const end = await ending(bench);
      expect(['DONE-UNPROVEN', ...forPersons], `line ${at}, first ${first}`).toContain(end);
      expect(bench.world.card.counter, `line ${at}`).toBeGreaterThanOrEqual(9);
    }
  });
});

test('a license that the card made and the disk did not get is told, and asked again on demand only', async () => {
  const bench = fresh('u5');
  const drawn = 'Succeed to generate license for the current STM32 device';
  for (let at = 1; ; at++) {
    const trial = fresh('u5');
    trial.dieAt = at;
    await installOn(trial).catch(() => undefined);
    if (trial.world.card.counter === 10) continue;
    bench.dieAt = at; // the first point after the card counted down
    break;
  }
  await expect(installOn(bench)).rejects.toBeInstanceOf(Death);
  expect(bench.world.card.counter).toBe(9);
  bench.dieAt = 0;
  await expect(installOn(bench)).rejects.toMatchObject({ code: 'sfi-license-may-be-lost' });
  expect(bench.world.card.counter).toBe(9);
  expect((await installOn(bench, { drawAgain: true })).outcome).toBe('DONE-UNPROVEN');
  expect(bench.world.card.counter).toBe(8);
  expect(bench.log.join('\n')).toContain(drawn);
});

test('a card whose counter cannot be read needs a person where a run died while it was asked', async () => {
  const bench = newBench(freshWorld([freshChip('u5', { faults: ['counter-unreadable'] })]));
  const { points } = await countPoints('u5');
  let lost = 0;
  for (let at = 1; at <= points; at++) {
    const trial = newBench(structuredClone(bench.world));
    trial.dieAt = at;
    await installOn(trial).catch(() => undefined);
    trial.dieAt = 0;
    if ((await ending(trial)) === 'sfi-license-may-be-lost') lost++;
    expect(trial.world.card.counter).toBeGreaterThanOrEqual(9);
  }
  expect(lost).toBeGreaterThan(3);
});

describe('with a job of an authority that counts', () => {
  /** An authority of memory: units by certificate, and what it was told, in the order of arrival. */
  function authorityFor(bench: Bench, away: { yes: boolean }) {
    const units = new Map<string, number>();
    const told: SfiOutcome[] = [];
    const job = '0a'.repeat(16);
    const ledger: Ledger = {
      job,
      take: async (certificate) => {
        point(bench);
        if (away.yes) throw new Fault('authority-unreachable', { reason: 'away' });
        const name = certificate.join();
        const unitIndex = units.get(name) ?? units.size;
        units.set(name, unitIndex);
        point(bench);
        return { job, unitIndex };
      },
      state: async ({ outcome }) => outcome,
      deliver: async (statement) => {
        point(bench);
        if (away.yes) return false;
        if (told.at(-1) !== statement) told.push(statement as SfiOutcome);
        point(bench);
        return true;
      },
    };
    return { units, told, ledger };
  }

  test('a death at each point: one unit, and an outcome that an install had is told', async () => {
    const whole = fresh('u5');
    const first = authorityFor(whole, { yes: false });
    expect((await installOn(whole, { ledger: first.ledger })).outcome).toBe('DONE-UNPROVEN');
    expect([first.units.size, first.told]).toEqual([1, ['DONE-UNPROVEN']]);
    const ends = new Map<string, number>();
    for (let at = 1; at <= whole.points; at++) {
      const bench = fresh('u5');
      const { units, told, ledger } = authorityFor(bench, { yes: false });
      bench.dieAt = at;
      await expect(installOn(bench, { ledger }), `point ${at}`).rejects.toBeInstanceOf(Death);
      bench.dieAt = 0;
      const end = await installOn(bench, { ledger }).then(
        ({ outcome }) => outcome,
        (error: unknown) => {
          if (error instanceof Fault) return error.code;
          throw error;
        },
      );
      ends.set(end, (ends.get(end) ?? 0) + 1);
      expect(units.size, `point ${at}`).toBeLessThanOrEqual(1);
      const record = JSON.parse([...bench.records.values()][0] ?? '{"attempts":[]}');
      expect(record.waiting, `point ${at}`).toBeUndefined();
      const begun = record.attempts.length > 0;
      expect(told.at(-1), `point ${at}, ${end}`).toBe(
        end === 'DONE-UNPROVEN' ? end : begun ? 'UNKNOWN' : undefined,
      );
    }
    expect([...ends.keys()].sort()).toEqual(['DONE-UNPROVEN', 'sfi-license-may-be-lost', 'sfi-needs-person']);
  });

  test('an authority that is away before the unit stops the install, and nothing is drawn', async () => {
    const bench = fresh('u5');
    const { ledger } = authorityFor(bench, { yes: true });
    await expect(installOn(bench, { ledger })).rejects.toMatchObject({ code: 'authority-unreachable' });
    expect(bench.world.card.counter).toBe(10);
  });
});
