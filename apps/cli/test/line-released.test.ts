// A released line: packed and signed, run by an operator who has no key, and refused as soon as a byte of it
// differs, or when an option would change it.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deskEnvironment } from './desk.ts';
import { LineSite } from './line-site.ts';
import { masked } from './masked.ts';
import { jsonLines, runHere } from './run-here.ts';

const site = new LineSite();
beforeAll(async () => {
  await site.begin();
  await site.openJob('released', 5);
}, 120_000);
afterAll(() => site.end());

const root = () => ['--root-key', site.desk.at('root.key.pub')];
const archive = () => site.at('released.released');

async function pack(place: string): Promise<string> {
  const file = site.writeLine('released', [place], { panel: { units: 2 } });
  const { status, stdout, stderr } = await runHere(
    [
      ...['line', 'pack', file, '--signer', site.desk.at('signer.key')],
      ...['--delegation', site.desk.at('signer.delegation'), '--out', archive()],
    ],
    deskEnvironment,
  );
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

it('an operator without a key runs it; options that would change it are refused', async () => {
  const { place } = await site.plugIn();
  const said = masked(await pack(place), site.folder);
  await expect(said).toMatchFileSnapshot('golden/line-pack.txt');
  expect(statSync(archive()).mode & 0o077).toBe(0);
  for (const more of [
    ['--on-pass', 'true'],
    ['--license-cache', site.at('cache')],
    ['--engineer-key', site.desk.at('ca.key')],
  ]) {
    const { status, stderr } = await runHere(['line', 'run', archive(), ...root(), ...more], deskEnvironment);
    expect(status, stderr).toBe(3);
  }
  const { status, stdout, stderr } = await runHere([
    'line',
    'run',
    archive(),
    ...root(),
    '--cycles',
    '1',
    '--json',
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(jsonLines({ stdout }).find(({ event }) => event === 'line-cycle')).toMatchObject({
    outcome: 'pass',
  });
  expect(statSync(join(site.at('released'), 'released')).mode & 0o077).toBe(0);
}, 120_000);

it('what an operator changes in the unpacked files is gone with the next run', async () => {
  const { place } = await site.plugIn();
  await pack(place);
  const run = () => runHere(['line', 'run', archive(), ...root(), '--cycles', '1', '--json']);
  await run();
  const file = join(site.at('released'), 'released', 'line.json');
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, before.replace('"units":2', '"units":2000'));
  await run();
  expect(readFileSync(file, 'utf8')).toBe(before);
}, 120_000);

it('the engineer who holds the key may add what an operator may not', async () => {
  const { place } = await site.plugIn();
  await pack(place);
  const hook = `touch ${site.at('engineered')}`;
  const words = ['line', 'run', archive(), ...root(), '--cycles', '1', '--on-pass', hook];
  const { status, stderr } = await runHere(
    [...words, '--work', site.at('engineer'), '--engineer-key', site.desk.at('signer.key')],
    deskEnvironment,
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(statSync(site.at('engineered')).isFile()).toBe(true);
}, 120_000);

it('one byte that differs, anywhere, and nothing runs', async () => {
  await pack('tcp:127.0.0.1:9');
  const bytes = readFileSync(archive());
  const step = Math.max(1, Math.floor(bytes.length / 97));
  for (let at = 0; at < bytes.length; at += step) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x10;
    writeFileSync(site.at('changed.archive'), changed);
    const { status } = await runHere(['line', 'run', site.at('changed.archive'), ...root(), '--cycles', '1']);
    expect([3, 10], `byte ${at}`).toContain(status);
  }
}, 120_000);

it('another root opens nothing, and a root has to be named', async () => {
  const other = ['--root-key', site.desk.at('ca.key.pub')];
  const refused = await runHere(['line', 'run', archive(), ...other]);
  expect([refused.status, refused.stderr]).toEqual([
    10,
    expect.stringContaining('delegation-signature-invalid'),
  ]);
  expect((await runHere(['line', 'run', archive()])).status).toBe(2);
});
