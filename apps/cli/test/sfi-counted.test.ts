// One job, mixed chips: two F427 with an agent and two U5 of the stand-in for ST's tools are one job, one
// quota and one audit, with outcomes apart. The stand-in is not ST's software (lab/st-tools/README.md).

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freshChip, freshWorld } from '../../../lab/st-tools/fresh.ts';
import type { Order } from './chain.ts';
import { jsonLines } from './run-here.ts';
import { installWords, makeSfiStation, type SfiStation } from './sfi-station.ts';
import { StationDesk } from './station-desk.ts';

const desk = new StationDesk();
const cache = mkdtempSync(join(tmpdir(), 'firmseal-sfi-cache-'));
let sfi: SfiStation | undefined;
beforeAll(() => desk.begin());
afterEach(() => sfi?.remove());
afterAll(async () => {
  await desk.end();
  rmSync(cache, { recursive: true });
});

const id = 'stm32f427';
const serials = ['066BFF01', '066BFF02', '066BFF03'] as const;
const begin = (count: number): SfiStation => {
  sfi = makeSfiStation(
    freshWorld(serials.slice(0, count).map((serialNumber) => freshChip('u5', { serialNumber }))),
    cache,
  );
  return sfi;
};

/** On one chip by the serial number of its probe. */
const words = (station: SfiStation, { job, token }: Order, index: number, ...more: string[]) => {
  const all = installWords(station, '--job', job, ...desk.owner.slice(0, 2), '--token-file', token);
  all[all.indexOf('swd')] = `swd:${serials[index]!}`;
  return [
    ...[...all, '--root-key', desk.at('root.key.pub'), '--station-key', desk.at('station.key')],
    ...['--station-delegation', desk.at('station.delegation'), ...more],
  ];
};

const show = async ({ job }: Order) => {
  const lines = jsonLines(await desk.run('job', 'show', job, ...desk.owner, '--json'));
  return { job: lines[0]!, units: lines.filter(({ event }) => event === 'unit') };
};

const books = (station: SfiStation): string =>
  readdirSync(station.at('books/units'))
    .map((unit) => readFileSync(station.at(`books/units/${unit}/record.json`), 'utf8'))
    .join('\n');

async function mixedOrder(name: string, quota: number): Promise<Order> {
  const sealed = desk.at(`${name}.seal`);
  await desk.run(...desk.sealWords(id, sealed));
  return desk.openJob(sealed, name, '--quota', String(quota), '--accept', 'DONE-UNPROVEN');
}

it('two F427 and two U5: one quota, one audit, outcomes apart; the fifth chip gets no license', async () => {
  const order = await mixedOrder('mixed', 4);
  for (const seed of ['mixed-1', 'mixed-2']) {
    const plug = await desk.plugIn(createBlankChip(id, seed));
    await desk.personalize(id, plug);
    await desk.install(order, plug);
  }
  const station = begin(3);
  for (const index of [0, 1]) {
    const done = await desk.try(...words(station, order, index));
    expect(done.status, done.stderr).toBe(25);
  }
  // The same chip again: nothing is drawn, no unit is taken.
  const again = await desk.try(...words(station, order, 1));
  expect([again.status, again.stdout]).toEqual([25, expect.stringContaining('installed before')]);
  const { counter } = station.world().card;
  const fifth = await desk.try(...words(station, order, 2));
  expect([fifth.status, fifth.stderr]).toEqual([11, expect.stringContaining('quota-exhausted')]);
  expect(station.world().card.counter).toBe(counter);
  expect(station.world().chips[2]).toMatchObject({ installs: 0 });

  const { job, units } = await show(order);
  expect(job).toMatchObject({
    ...{ quota: 4, units: 4, remaining: 0, licenses: 2, installed: 2, outcomes: { PASS: 2 } },
    stated: { 'DONE-UNPROVEN': 2 },
  });
  expect(units.map(({ chip }) => chip)).toEqual([id, id, 'st-u5', 'st-u5']);
  const audited = await desk.audit();
  expect(audited.stdout).toContain('installed 2, PASS 2,');
  expect(audited.stdout).toContain('without proof, by stations: DONE-UNPROVEN 2');
  expect(audited.stdout.match(/WITHOUT PROOF: .* with ST's installer/g)).toHaveLength(2);
  const beside = await desk.run(
    ...['job', 'show', order.job, ...desk.owner, '--sfi-books', station.at('books')],
  );
  expect(beside.stdout).toContain(
    "together: 4 of the quota of 4 by the authority, 0 chips by ST's installer",
  );
});

it('a job that takes no DONE-UNPROVEN gives no unit, and nothing is drawn', async () => {
  const sealed = desk.at('strict.seal');
  await desk.run(...desk.sealWords(id, sealed));
  const order = await desk.openJob(sealed, 'strict', '--quota', '2');
  const station = begin(1);
  const { counter } = station.world().card;
  const refused = await desk.try(...words(station, order, 0));
  expect([refused.status, refused.stderr]).toEqual([11, expect.stringContaining('job-takes-no-unproven')]);
  expect(station.world().card.counter).toBe(counter);
  const lonely = await desk.try(...installWords(station, '--job', order.job));
  expect([lonely.status, lonely.stderr]).toEqual([2, expect.stringContaining('station-option-missing')]);
});

it('with the authority away: no resume takes a second unit, and an outcome is told later', async () => {
  const order = await mixedOrder('away', 2);
  const station = begin(1);
  const world = station.world();
  const broken = freshChip('u5', { serialNumber: serials[0], faults: ['rss-0x1'] });
  writeFileSync(station.at('world.json'), JSON.stringify({ ...world, chips: [broken] }));
  // The first run takes the unit; the tool fails, which the authority hears.
  const failed = await desk.try(...words(station, order, 0));
  expect(failed.status, failed.stderr + failed.stdout).toBe(14);
  const first = await show(order);
  expect(first.job).toMatchObject({ units: 1, stated: { FAILED: 1 } });
  expect(first.units).toMatchObject([{ stated: { cause: 'rss-0x1', method: 'vendor-installer' } }]);
  const { counter } = station.world().card;

  // The second works without an authority: the unit stands in the books.
  const whole = { ...station.world(), chips: [freshChip('u5', { serialNumber: serials[0] })] };
  writeFileSync(station.at('world.json'), JSON.stringify(whole));
  const away = words(station, order, 0);
  away[away.indexOf('--authority') + 1] = 'http://127.0.0.1:9';
  const done = await desk.try(...away);
  expect([done.status, done.stderr]).toEqual([
    25,
    expect.stringContaining('The books keep it for the next run'),
  ]);
  expect(books(station)).toContain('"waiting"');
  expect((await show(order)).job).toMatchObject({ units: 1 });

  const later = await desk.try(...words(station, order, 0));
  expect(later.status, later.stderr).toBe(25);
  expect(books(station)).not.toContain('"waiting"');
  expect((await show(order)).job).toMatchObject({ units: 1, stated: { 'DONE-UNPROVEN': 1 } });
  expect(station.world().card.counter).toBe(counter);
  await desk.audit();
});
