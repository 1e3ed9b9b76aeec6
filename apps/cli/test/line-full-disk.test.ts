// A line with a batch whose disk is full in the middle of a shift: it ends and says why, and the same command
// goes on once there is room. Each chip ends installed once, with its receipt.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { canMount, ownMounts } from './own-mounts.ts';
import { jsonLines } from './run-here.ts';
import { mainFile } from './run-process.ts';

const site = new LineSite();
beforeAll(() => site.begin(), 120_000);
afterAll(() => site.end());

/** The line twice: on a disk of so many KiB, and on the same disk once it is large. */
async function runTwice(file: string, work: string, diskKiB: number) {
  const line = `${process.execPath} ${mainFile} line run ${file} --work ${work} --cycles 1 --json`;
  const script = [
    `mount -t tmpfs -o size=${diskKiB}k none ${work}`,
    `${line} > ${work}.out1 2> ${work}.err1; echo $? > ${work}.code1`,
    `mount -o remount,size=16m ${work}`,
    `${line} > ${work}.out2 2> ${work}.err2; echo $? > ${work}.code2`,
    `cp -r ${work}/outbox ${work}.outbox`,
  ].join('\n');
  const child = spawn(ownMounts[0]!, [...ownMounts.slice(1), 'sh', '-c', script], { stdio: 'inherit' });
  await once(child, 'exit');
  const read = (name: string) => readFileSync(`${work}.${name}`, 'utf8');
  const of = (run: 1 | 2) => ({
    status: Number(read(`code${run}`)),
    stderr: read(`err${run}`),
    cycles: jsonLines({ stdout: read(`out${run}`) }).filter(({ event }) => event === 'line-cycle'),
    alarms: jsonLines({ stdout: read(`out${run}`) }).filter(({ event }) => event === 'line-alarm'),
  });
  return { full: of(1), freed: of(2) };
}

/** Room for a part of three chips; each size fills up at another write. */
const sizesKiB = sampled([20, 24, 28, 32, 36, 40, 44, 48, 52], [44]).map((diskKiB) => ({ diskKiB }));

it.for(sizesKiB)('a disk of $diskKiB KiB', { timeout: 300_000 }, async ({ diskKiB }, context) => {
  if (!canMount) return context.skip('this machine allows no mounts');
  const name = `full-${diskKiB}`;
  const job = await site.openJob(name, 3, '--mode', 'standing');
  const chips = [1, 2, 3].map(() => site.personalize(`${name}.records`));
  const places = (await Promise.all(chips)).map(({ place }) => place);
  const batch = await site.makeBatch(job, `${name}.records`, `${name}.batch`);
  // Nobody to deliver to: the receipts have to stay.
  const panel = { batch, job: undefined, token: undefined };
  const file = site.writeLine(name, places, { panel });
  mkdirSync(site.at(`${name}.disk`));
  const { full, freed } = await runTwice(file, site.at(`${name}.disk`), diskKiB);
  const said = `${full.stderr}${JSON.stringify(full.cycles)}${JSON.stringify(full.alarms)}`;
  expect(said).toMatch(/the disk is full|ENOSPC/);
  expect(full.status).not.toBe(0);
  expect([freed.status, freed.stderr]).toEqual([0, '']);
  for (const cycle of freed.cycles)
    expect(
      cycle['outcome'] === 'pass' || (cycle['fault'] as { code: string }).code === 'chip-seen-before',
    ).toBe(true);
  const words = ['batch', 'deliver', `${site.at(`${name}.disk`)}.outbox/panel`, '--job', job];
  const token = ['--authority', site.authority.url, '--token-file', site.at(`${name}.token`)];
  expect((await succeed([...words, ...token]))[0]).toMatchObject({ receipts: 3 });
  expect((await succeed(['job', 'show', job, ...site.owner]))[0]).toMatchObject({
    ...{ units: 3, licenses: 3, installed: 3, receipts: 3 },
  });
});
