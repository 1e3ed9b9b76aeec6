// `firmseal init` and the file that it makes: what commands take from it, how they say so, and
// what a file with mistakes leads to.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-desk-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const environment = { FIRMSEAL_PASSPHRASE: 'of these tests and of nothing else' };
const at = (...names: string[]) => join(folder, ...names);
const init = (where: string, ...more: string[]) =>
  runHere(['init', where, '--product', 'panel', '--chip', 'STM32F427ZI', ...more], environment);

beforeAll(async () => {
  mkdirSync(at('made'));
  const made = await init(at('made'), '--socket', 'tcp:127.0.0.1:1', '--via', 'virtual:127.0.0.1:2');
  expect(made, made.stderr).toMatchObject({ status: 0, stderr: '' });
  mkdirSync(at('made', 'src', 'deep'), { recursive: true });
});

const inDesk = (...words: string[]) => runHere(words, environment, at('made', 'src', 'deep'));

describe('firmseal init', () => {
  it('makes a folder that only its owner reads, and a file without secrets', () => {
    expect(readdirSync(at('made')).sort()).toEqual(['desk', 'firmseal.json', 'src']);
    expect(statSync(at('made', 'desk')).mode & 0o777).toBe(0o700);
    const file = JSON.parse(readFileSync(at('made', 'firmseal.json'), 'utf8'));
    expect(file).toMatchObject({
      ...{ format: 'firmseal-desk-1', product: 'panel', chip: 'stm32f427' },
      keys: { root: 'desk/root.key', deviceCaDelegation: 'desk/ca.delegation' },
      places: { sockets: ['tcp:127.0.0.1:1'], ways: ['virtual:127.0.0.1:2'] },
    });
  });

  it('makes delegations that verify, and an authority that has the product', async () => {
    for (const [name, role] of [
      ['signer', 'package-signer'],
      ['ca', 'device-ca'],
      ['issuer', 'license-issuer'],
    ]) {
      const shown = await runHere(['keys', 'show', at('made', 'desk', `${name}.delegation`), '--json']);
      expect(jsonLines(shown)).toMatchObject([{ role, product: 'panel', epoch: 0 }]);
    }
    expect(readdirSync(at('made', 'desk', 'authority', 'products'))).toEqual(['panel.json']);
  });

  it('replaces nothing', async () => {
    expect(await init(at('made'))).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('file-exists'),
    });
    mkdirSync(at('taken', 'desk'), { recursive: true });
    writeFileSync(at('taken', 'desk', 'mine'), '');
    expect((await init(at('taken'))).stderr).toContain('folder-not-empty');
    expect(readdirSync(at('taken'))).toEqual(['desk']);
  });

  it('killed before the file was written, goes on with the desk that is there', async () => {
    mkdirSync(at('killed'));
    await init(at('killed'));
    const key = readFileSync(at('killed', 'desk', 'root.key'), 'utf8');
    rmSync(at('killed', 'firmseal.json'));
    // It asks for no passphrase: nothing is left to make.
    const again = await runHere(['init', at('killed'), '--product', 'panel', '--chip', 'stm32f427']);
    expect(again, again.stderr).toMatchObject({ status: 0 });
    expect(readFileSync(at('killed', 'desk', 'root.key'), 'utf8')).toBe(key);
    rmSync(at('killed', 'firmseal.json'));
    const other = ['init', at('killed'), '--product', 'other', '--chip', 'stm32f427'];
    expect((await runHere(other, environment)).stderr).toContain('folder-not-empty');
  });

  it('checks places before it makes anything', async () => {
    mkdirSync(at('empty'));
    expect((await init(at('empty'), '--socket', 'nowhere:1')).status).not.toBe(0);
    expect((await init(at('empty'), '--via', 'station:hall/usb:1-1')).stderr).toContain('station-not-there');
    const insecure = await init(at('empty'), '--authority-url', 'http://authority.example');
    expect(insecure.stderr).toContain('authority-url-insecure');
    expect(readdirSync(at('empty'))).toEqual([]);
  });
});

describe('a command in the desk, or in a folder below', () => {
  it('needs only what the desk does not know', async () => {
    const outcome = await inDesk('keys', 'epoch', '--epoch', '1', '--out', at('epoch-1'), '--verbose');
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('panel before epoch 1') });
    expect(outcome.stderr).toBe(
      `  From ${at('made', 'firmseal.json')}: --root ${at('made', 'desk', 'root.key')}, --product panel\n`,
    );
  });

  it('takes what it is told instead', async () => {
    const told = await inDesk('keys', 'epoch', '--epoch', '1', '--product=pump', '--out', at('pump'), '-v');
    expect(told.stdout).toContain('delegations of pump before epoch 1');
    expect(told.stderr).not.toContain('--product');
  });

  it('says beside an error what came from where', async () => {
    const refused = await inDesk('install', 'no.seal', '--job', '0'.repeat(32));
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain(
      `From ${at('made', 'firmseal.json')}: --authority http://127.0.0.1:7443`,
    );
    expect(refused.stderr).toContain('--socket tcp:127.0.0.1:1');
    expect(refused.stderr).toContain(`--token-file ${at('made', 'desk', 'line.token')}`);
  });

  it.each([
    ['install', 'no.seal'],
    ['license', 'no.seal', '--out', 'licenses'],
    ['batch', 'deliver', 'no-outbox'],
  ])('does the work of a line with the token of the line: %s', async (...words) => {
    const refused = await inDesk(...words, '--job', '0'.repeat(32));
    expect(refused.stderr).toContain(`--token-file ${at('made', 'desk', 'line.token')}`);
  });

  it('takes the chip from the desk where a chip is written without agent', async () => {
    const refused = await inDesk('install', 'no.seal', '--job', '0'.repeat(32), '--unproven');
    expect(refused.stderr).toContain('--chip stm32f427');
    expect(refused.stderr).not.toContain('--socket');
  });

  it('still needs a job, until there is one', async () => {
    const show = await inDesk('job', 'show');
    expect(show).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("missing required argument 'job'"),
    });
    writeFileSync(at('made', 'desk', 'job.id'), `${'0a'.repeat(16)}\n`);
    const found = await inDesk('job', 'show');
    expect(found.status).toBe(12);
    expect(found.stderr).toContain(`job ${'0a'.repeat(16)}`);
    rmSync(at('made', 'desk', 'job.id'));
  });

  it('outside of a desk needs everything', async () => {
    expect(await runHere(['keys', 'epoch', '--epoch', '1', '--out', at('no')], environment)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("required option '--root <file>'"),
    });
  });
});

describe('a desk file with a mistake', () => {
  const base = { format: 'firmseal-desk-1', product: 'panel' };
  it.each([
    ['no JSON', '{', 'it is not JSON'],
    ['another format', JSON.stringify({ ...base, format: 'x' }), 'format: '],
    [
      'a product that is a path',
      JSON.stringify({ ...base, product: '../evil' }),
      'product: it is no name of a product',
    ],
    ['an unknown chip', JSON.stringify({ ...base, chip: 'stm32' }), 'chip: it is no chip of the catalogue'],
    ['a key that nobody knows', JSON.stringify({ ...base, prodct: 'x' }), 'prodct'],
    ['no text', JSON.stringify({ ...base, keys: { root: 1 } }), 'keys.root: '],
  ])('%s', async (_, text, problem) => {
    mkdirSync(at('bad'), { recursive: true });
    writeFileSync(at('bad', 'firmseal.json'), text);
    const words = ['keys', 'epoch', '--epoch', '1', '--out', at('never')];
    const refused = await runHere(words, environment, at('bad'));
    expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining('desk-file-invalid')]);
    expect(refused.stderr).toContain(problem);
    // Help, and commands that need nothing of it, do not look at it.
    expect((await runHere([...words, '--help'], environment, at('bad'))).status).toBe(0);
    expect((await runHere(['chips'], environment, at('bad'))).status).toBe(0);
  });

  it('a place that cannot be read is named with the file', async () => {
    writeFileSync(
      at('bad', 'firmseal.json'),
      JSON.stringify({ ...base, places: { sockets: ['nowhere:1'] } }),
    );
    const refused = await runHere(['install', 'x.seal'], environment, at('bad'));
    expect(refused.stderr).toContain('--socket nowhere:1');
    expect(refused.stderr).toContain(at('bad', 'firmseal.json'));
  });
});
