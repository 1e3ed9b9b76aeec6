// `firmseal check`: a package and a line file that are right, and each thing that can be known to be wrong.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approverWords, sealWords, succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { masked } from './masked.ts';
import { jsonLines, runHere } from './run-here.ts';

const site = new LineSite();
beforeAll(() => site.begin(), 120_000);
afterAll(() => site.end());

const root = () => ['--root-key', site.desk.at('root.key.pub')];
const ca = () => ['--device-ca-delegation', site.desk.at('ca.delegation')];
const check = (...words: string[]) => runHere(['check', ...words]);
const packagePath = () => site.desk.at('panel.seal');

it('a package that is right: what fits, what changes, what is promised', async () => {
  const { status, stdout, stderr } = await check(packagePath(), ...root(), ...ca(), '--chip', 'stm32f427');
  expect([status, stderr]).toEqual([0, '']);
  // Which agents are built differs from machine to machine.
  await expect(masked(stdout, site.folder)).toMatchFileSnapshot('golden/check.txt');
});

it('the option bytes that an install will change are named, before and after', async () => {
  const out = site.at('options.seal');
  const [word, image, ...words] = sealWords(site.desk, out);
  await succeed([word!, image!, ...words, '--option', 'nRST_STDBY=0']);
  const { stdout } = await check(out, ...root(), '--json');
  const said = jsonLines({ stdout }).map(({ outcome, subject, says }) => `${outcome} ${subject} ${says}`);
  expect(said).toContain('change stm32f427 nRST_STDBY 0x1 -> 0x0');
});

it.each([
  [
    'another root',
    () => [packagePath(), '--root-key', site.desk.at('ca.key.pub')],
    'delegation-signature-invalid',
    10,
  ],
  [
    'a chip that the package is not for',
    () => [packagePath(), ...root(), '--chip', 'stm32g0b1'],
    'manifest-chip-wrong',
    10,
  ],
  [
    'a board with another chip',
    () => [packagePath(), ...root(), '--board', 'nucleo-h743zi'],
    'board-of-another-chip',
    14,
  ],
  [
    'a device CA of nobody',
    () => [packagePath(), ...root(), '--device-ca-delegation', site.desk.at('signer.delegation')],
    'delegation',
    10,
  ],
  [
    'licenses that are not there',
    () => [packagePath(), ...root(), '--licenses', site.at('nowhere')],
    'file-missing',
    3,
  ],
])('%s', async (_name, words, code, status) => {
  const outcome = await check(...words());
  expect(outcome.stderr).toContain(code);
  expect(outcome.status).toBe(status);
  expect(outcome.stdout).toContain('problem ');
});

it('a flipped bit in a record', async () => {
  const bytes = readFileSync(packagePath());
  bytes[bytes.length - 10]! ^= 1;
  writeFileSync(site.at('flipped.seal'), bytes);
  const { status, stdout } = await check(site.at('flipped.seal'), ...root(), '--json');
  expect(status).toBe(10);
  expect(jsonLines({ stdout }).at(-1)).toMatchObject({ event: 'error', code: 'record-hash-wrong' });
});

it('a license for another package', async () => {
  mkdirSync(site.at('licenses'));
  writeFileSync(`${site.at('licenses')}/${'ab'.repeat(32)}.license`, 'no license');
  const { stderr, stdout } = await check(packagePath(), ...root(), '--licenses', site.at('licenses'));
  expect(stderr).toContain('license-');
  expect(stdout).toContain('0 licenses for this package');
});

it('a line file: packages, jobs, places; and whether the authority serves them', async () => {
  const job = await site.openJob('look', 3);
  const file = site.writeLine('look', ['tcp:127.0.0.1:9', 'serial:/dev/firmseal-nothing']);
  const { status, stdout } = await check(file, '--online');
  expect(status).toBe(0);
  expect(stdout).toContain(`the authority serves job ${job}`);
  await expect(masked(stdout, site.folder)).toMatchFileSnapshot('golden/check-line.txt');
  await succeed(['job', 'close', job, ...site.owner, ...approverWords(site.desk)]);
  const closed = await check(file, '--online');
  expect(closed.status).toBe(11);
  expect((await check(file)).status).toBe(0);
  const unreadable = await check(site.writeLine('look', []));
  expect([unreadable.status, unreadable.stderr]).toEqual([3, expect.stringContaining('line-file-invalid')]);
});

it('a package needs a root', async () => {
  const { status, stderr } = await check(packagePath());
  expect([status, stderr]).toEqual([2, expect.stringContaining('--root-key')]);
});

it('a batch: who signed it, until when, and whether it holds the chips that are to come', async () => {
  const job = await site.openJob('batch', 5, '--mode', 'standing');
  await site.personalize('some.records');
  const batch = await site.makeBatch(job, 'some.records', 'some.batch', '--days', '9');
  const alone = await check(batch, ...root());
  expect([alone.status, alone.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`job ${job}, licenses: 1[\\s\\S]*good until .* 9 days from now`)),
  ]);
  await site.personalize('some.records');
  const { status, stdout } = await check(
    packagePath(),
    ...root(),
    '--batch',
    batch,
    '--records',
    site.at('some.records'),
  );
  expect(status).toBe(11);
  expect(stdout).toMatch(/problem .*some.records line 2: FS1416/);
  expect(stdout).toMatch(/with a license: 1 of 2/);
  const stranger = await check(batch, '--root-key', site.desk.at('ca.key.pub'));
  expect(stranger.stderr).toContain('delegation-signature-invalid');
}, 120_000);

it('a released line: its signature, its parts, its packages and batch; what changed is refused', async () => {
  const job = await site.openJob('shift', 5, '--mode', 'standing');
  await site.personalize('shift.records');
  const batch = await site.makeBatch(job, 'shift.records', 'shift.batch', '--days', '9');
  const file = site.writeLine('shift', ['tcp:127.0.0.1:9'], { panel: { batch } });
  const released = site.at('shift.released');
  await succeed([
    ...['line', 'pack', file, '--signer', site.desk.at('signer.key')],
    ...['--delegation', site.desk.at('signer.delegation'), '--out', released],
  ]);
  const words = [released, ...root(), '--records', site.at('shift.records'), '--online'];
  const { status, stdout, stderr } = await check(...words);
  expect([status, stderr]).toEqual([0, '']);
  await expect(masked(stdout, site.folder)).toMatchFileSnapshot('golden/check-released.txt');
  const bytes = readFileSync(released);
  bytes[bytes.length - 40]! ^= 1;
  writeFileSync(released, bytes);
  const changed = await check(released, ...root());
  expect([changed.status, changed.stderr]).toEqual([10, expect.stringContaining('line-archive-altered')]);
  expect((await check(released)).stderr).toContain('--root-key');
}, 120_000);
