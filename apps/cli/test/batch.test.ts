// A batch of licenses through the commands: chips are personalized here and installed elsewhere, where
// nobody reaches the authority, and their receipts come back.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deskEnvironment, succeed } from './desk.ts';
import { LineSite } from './line-site.ts';
import { masked } from './masked.ts';
import { jsonLines, runHere } from './run-here.ts';

const site = new LineSite();
let job: string;
let chips: Awaited<ReturnType<LineSite['personalize']>>[];
let batch: string;
beforeAll(async () => {
  await site.begin();
  job = await site.openJob('far', 5, '--mode', 'standing');
  chips = [await site.personalize('chips.records'), await site.personalize('chips.records')];
  batch = await site.makeBatch(job, 'chips.records', 'far.batch');
}, 120_000);
afterAll(() => site.end());

const away = { authority: 'http://127.0.0.1:9' };
const jobView = async (id = job) => (await succeed(['job', 'show', id, ...site.owner]))[0];
const run = (file: string, ...words: string[]) =>
  runHere(['line', 'run', file, '--cycles', '1', '--json', ...words], deskEnvironment);
const eventsOf = ({ stdout }: { stdout: string }, name: string) =>
  jsonLines({ stdout }).filter(({ event }) => event === name);
const installWords = (place: string, ...more: string[]) => [
  ...['install', site.desk.at('panel.seal'), ...site.trust, '--socket', place],
  ...['--journal', site.at('far.jsonl'), '--outbox', site.at('far-outbox'), ...more],
];

it('one file holds a license for each chip, and each has its unit', async () => {
  expect(await jobView()).toMatchObject({ units: 2, installed: 0, remaining: 3 });
  const words = [
    ...['batch', 'new', job, ...site.owner, '--root-key', site.desk.at('root.key.pub')],
    ...['--records', site.at('chips.records'), '--out', site.at('again.batch')],
  ];
  expect((await succeed(words)).at(-1)).toMatchObject({ event: 'batch', chips: 2, newUnits: 0 });
  const { stdout } = await runHere(words);
  await expect(masked(stdout, site.folder)).toMatchFileSnapshot('golden/batch-new.txt');
  expect(await jobView()).toMatchObject({ units: 2, licenses: 2 });
});

it('install --batch needs nobody, and its receipt is brought later', async () => {
  const { place } = chips[0]!;
  const { status, stderr } = await runHere(installWords(place, '--batch', batch));
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(site.at('far-outbox'))).toHaveLength(1);
  expect(await jobView()).toMatchObject({ units: 2, installed: 0 });
  const words = ['batch', 'deliver', site.at('far-outbox'), '--job', job, ...site.owner.slice(0, 2)];
  const { stdout } = await runHere([...words, '--token-file', site.at('far.token')]);
  await expect(masked(stdout, site.folder)).toMatchFileSnapshot('golden/batch-deliver.txt');
  expect(readdirSync(site.at('far-outbox'))).toHaveLength(0);
  expect(await jobView()).toMatchObject({ units: 2, installed: 1 });
});

it('without a batch the address, the token and the job are asked for, and beside one they are refused', async () => {
  const { place } = chips[0]!;
  for (const words of [[], ['--batch', batch, '--job', job]]) {
    const { status, stderr } = await runHere(installWords(place, ...words));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      words.length === 0 ? /required option '--authority/ : /cannot be used with option/,
    );
  }
});

it('a released line has the batch in it: PASS, what is left, an alarm when it is the last', async () => {
  const { place } = chips[1]!;
  const panel = { batch, warnBelow: 1 };
  const file = site.writeLine('far', [place], { ...away, panel });
  const released = site.at('far.released');
  await succeed([
    ...['line', 'pack', file, '--signer', site.desk.at('signer.key')],
    ...['--delegation', site.desk.at('signer.delegation'), '--out', released],
  ]);
  const outcome = await run(released, '--root-key', site.desk.at('root.key.pub'));
  expect(eventsOf(outcome, 'line-cycle')).toMatchObject([{ outcome: 'pass' }]);
  const left = eventsOf(outcome, 'line-tally').map(({ units }) => (units as { left: number }[])[0]!.left);
  // The other chip of the batch was installed past this line, which does not know it.
  expect([left[0], left.at(-1)]).toEqual([2, 1]);
  const alarms = eventsOf(outcome, 'line-alarm').map(({ fault }) => (fault as { code: string }).code);
  expect(alarms).toContain('line-units-low');
  expect(outcome.status).toBe(0);
  expect(readdirSync(join(site.at('far'), 'outbox', 'panel'))).toHaveLength(1);
}, 120_000);

it('a chip that the batch does not hold is named, and nothing is sent to it', async () => {
  const { place, chip } = await site.plugIn();
  const file = site.writeLine('stranger', [place], { ...away, panel: { batch, job } });
  const outcome = await run(file);
  expect(outcome.stderr).toContain('file-missing'); // the token of no job
  writeFileSync(site.at('stranger.token'), readFileSync(site.at('far.token')), { mode: 0o600 });
  const named = await run(file);
  expect(eventsOf(named, 'line-cycle')).toMatchObject([
    { outcome: 'fail', fault: { code: 'batch-chip-missing' } },
  ]);
  expect(named.status).toBe(11);
  expect(chip.judge.flash(0x0810_0000, 64).every((byte) => byte === 0xff)).toBe(true);
}, 120_000);

it('a batch of another job, of another package, changed, or cut is refused before a chip is touched', async () => {
  const other = await site.openJob('other', 5, '--mode', 'standing');
  const place = 'tcp:127.0.0.1:9';
  const bytes = readFileSync(batch);
  const changed = Buffer.from(bytes);
  changed[bytes.length - 9]! ^= 1;
  writeFileSync(site.at('changed.batch'), changed);
  writeFileSync(site.at('cut.batch'), bytes.subarray(0, -1));
  const cases: readonly (readonly [object, string])[] = [
    [{ batch, job: other }, 'batch-job-wrong'],
    [{ batch: site.at('changed.batch') }, 'batch-altered'],
    [{ batch: site.at('cut.batch') }, 'batch-malformed'],
    [{ batch: site.at('other.json') }, 'batch-malformed'],
    [{ batch, licenses: 'x' }, 'line-file-invalid'],
  ];
  for (const [panel, code] of cases) {
    const { status, stderr } = await run(site.writeLine('other', [place], { panel }));
    expect(stderr, code).toContain(code);
    expect(status).not.toBe(0);
  }
});

it('damaged records, records of too many chips, or of a chip that the owner does not know', async () => {
  const words = (records: string) => [
    ...['batch', 'new', job, ...site.owner, '--root-key', site.desk.at('root.key.pub')],
    ...['--records', records, '--out', site.at('none.batch')],
  ];
  const told = async (text: string) => {
    writeFileSync(site.at('odd.records'), text);
    return (await runHere(words(site.at('odd.records')))).stderr;
  };
  const [line = ''] = readFileSync(site.at('chips.records'), 'utf8').split('\n');
  const record = JSON.parse(line) as { record: string };
  const bytes = Buffer.from(record.record, 'base64');
  bytes[bytes.length - 1]! ^= 1;
  const broken = bytes.toString('base64');
  expect(await told('')).toContain('identity-records-empty');
  expect(await told(`${line}\nnot JSON\n`)).toMatch(/identity-records-invalid.*\n?.*Line 2 of/);
  expect(await told(JSON.stringify({ ...record, record: '!' }))).toContain('identity-records-invalid');
  expect(await told(JSON.stringify({ ...record, record: broken }))).toMatch(
    /batch-record-refused[\s\S]*in line 1 .*identity-record-signature-invalid/,
  );
  const many = Array.from({ length: 6 }, (_, i) =>
    JSON.stringify({ ...record, thumbprint: `${i}`.repeat(64) }),
  );
  expect(await told(many.join('\n'))).toMatch(/batch-chips-too-many[\s\S]*6 chips are more than 5/);
  expect(await jobView()).toMatchObject({ units: 2 });
});
