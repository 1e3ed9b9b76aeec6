// A line that nobody reaches for a week, with a batch: the clock of its station is days ahead, then goes
// back by two days, then stands after the end of the batch. Nothing is lost, nothing is done twice, and each
// is said.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { jsonLines } from './run-here.ts';
import { runProcess, turned } from './run-process.ts';

const site = new LineSite();
let job: string;
let chips: Awaited<ReturnType<LineSite['personalize']>>[];
let batch: string;
beforeAll(async () => {
  await site.begin();
  job = await site.openJob('week', 5, '--mode', 'standing');
  chips = [await site.personalize('week.records'), await site.personalize('week.records')];
  batch = await site.makeBatch(job, 'week.records', 'week.batch', '--days', '14');
}, 120_000);
afterAll(() => site.end());

/** The line with one chip in its socket, on a station whose clock is off; nobody to deliver to. */
async function shift(place: string, by: string, access: object = { job: undefined, token: undefined }) {
  const file = site.writeLine('week', [place], { panel: { batch, ...access } });
  const words = ['line', 'run', file, '--cycles', '1', '--json'];
  const { status, stdout, stderr } = await runProcess(words, by === '' ? {} : turned(by));
  const events = jsonLines({ stdout });
  const [cycle] = events.filter(({ event }) => event === 'line-cycle');
  const alarms = events.filter(({ event }) => event === 'line-alarm');
  return {
    status,
    stderr,
    cycle,
    alarms: alarms.map(({ fault }) => fault as { code: string; sentence: string }),
  };
}
const outbox = () => readdirSync(join(site.at('week'), 'outbox', 'panel'));
const jobView = async () => (await succeed(['job', 'show', job, ...site.owner]))[0];

it('a week later a chip is installed by the batch, and its receipt waits', async () => {
  const { status, cycle, alarms } = await shift(chips[0]!.place, '+7d');
  expect([status, cycle]).toEqual([0, expect.objectContaining({ outcome: 'pass' })]);
  expect(alarms).toEqual([]);
  expect(outbox()).toHaveLength(1);
});

it('the clock goes back by two days: it is said, installs go on, and no chip is taken twice', async () => {
  const next = await shift(chips[1]!.place, '+5d');
  expect([next.status, next.cycle]).toEqual([0, expect.objectContaining({ outcome: 'pass' })]);
  expect(next.alarms.map(({ code }) => code)).toContain('line-clock-back');
  expect(next.alarms.find(({ code }) => code === 'line-clock-back')!.sentence).toMatch(
    /clock of this station says \d{4}-\S+, and its journal has an entry of \d{4}-/,
  );
  const again = await shift(chips[0]!.place, '+5d');
  expect(again.cycle).toMatchObject({ outcome: 'refused', fault: { code: 'chip-seen-before' } });
  expect(outbox()).toHaveLength(2);
});

it('after its date the batch gives nothing, by its name, and the chip is left alone', async () => {
  const { place } = await site.plugIn();
  const { status, cycle } = await shift(place, '+20d');
  expect([status, cycle]).toEqual([
    11,
    expect.objectContaining({ outcome: 'fail', fault: expect.objectContaining({ code: 'batch-expired' }) }),
  ]);
});

it('once somebody reaches the authority again, both receipts arrive, for two units and no more', async () => {
  expect(await jobView()).toMatchObject({ units: 2, installed: 0 });
  const { cycle, alarms } = await shift(chips[0]!.place, '', {});
  // The pass of a week ahead still counts.
  expect(cycle).toMatchObject({ outcome: 'refused', fault: { code: 'chip-seen-before' } });
  expect(alarms.map(({ code }) => code)).toContain('line-clock-back');
  expect(outbox()).toHaveLength(0);
  expect(await jobView()).toMatchObject({ units: 2, licenses: 2, installed: 2 });
});
