// Passphrases, keys and tokens on the command line: what is asked for, refused and warned of,
// and that nothing is written then.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { type Desk, deskEnvironment, makeDesk, sealWords } from './desk.ts';
import { jsonLines, memoryShell, type Outcome, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-secrets-'));
const at = (name: string) => join(folder, name);
let desk: Desk;
beforeAll(async () => {
  mkdirSync(at('desk'));
  desk = await makeDesk(at('desk'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const newKey = ['keys', 'new', '--role', 'approver', '--out', at('new.key')];

/** Runs on a terminal where somebody types: each question gets the next answer. */
async function typing(
  words: readonly string[],
  answers: readonly string[],
): Promise<Outcome & { raw: boolean[] }> {
  const { shell, out, err } = memoryShell();
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => {
      raw.push(on);
      return input;
    },
  });
  let asked = 0;
  err.changed = () => {
    const questions = err.text.match(/: $|: \n/g)?.length ?? 0;
    if (questions > asked && err.text.endsWith(': ')) {
      const answer = answers[asked++];
      if (answer !== undefined) setImmediate(() => input.write(answer));
    }
  };
  const status = await runCommandLine(words, { ...shell, in: input as never });
  return { status, stdout: out.text, stderr: err.text, raw };
}

describe('the passphrase of a new key', () => {
  it.each([
    ['x', 'one character'],
    ['elevenchars', 'eleven characters'],
    ['aaaaaaaaaaaaaaaaaaaa', 'the same character'],
    ['abcabcabcabcabc', 'three different ones'],
  ])('%s is weak: %s', async (passphrase) => {
    for (const words of [newKey, ['authority', 'init', at('weak')]]) {
      const { status, stderr } = await runHere(words, { FIRMSEAL_PASSPHRASE: passphrase });
      expect([status, stderr]).toEqual([3, expect.stringContaining('FS0810 passphrase-weak')]);
      if (passphrase.length > 1) expect(stderr).not.toContain(passphrase);
    }
    expect(readdirSync(folder)).toEqual(['desk']);
  });

  it('is typed twice, unseen', async () => {
    const words = 'five words that stand apart';
    const typed = await typing(newKey, [`${words}x\u007f\r`, `${words}\r`]);
    expect(typed).toMatchObject({ status: 0, raw: [true, false, true, false] });
    expect(typed.stderr).toBe(`Passphrase for the new key ${at('new.key')}: \nThe same again: \n`);
    rmSync(at('new.key'));
    rmSync(at('new.key.pub'));
  });

  it.each([
    ['differs', ['five words that stand apart\r', 'five words that stand\r'], 'passphrase-differs'],
    ['ends with Ctrl-C', ['five words\u0003'], 'passphrase-missing'],
  ])('%s: nothing is written, and the terminal echoes again', async (_, answers, code) => {
    const typed = await typing(newKey, answers);
    expect(typed.status).toBe(3);
    expect(typed.stderr).toContain(code);
    expect(typed.raw.at(-1)).toBe(false);
    expect(readdirSync(folder)).toEqual(['desk']);
  });

  it('of a key that exists is typed once, and may be weak', async () => {
    const typed = await typing(
      [
        'keys',
        'epoch',
        '--root',
        desk.at('root.key'),
        '--product',
        'panel',
        '--epoch',
        '1',
        '--out',
        at('e'),
      ],
      ['no\r'],
    );
    expect(typed.stderr).toContain('key-passphrase-wrong');
    expect(typed.stderr.match(/Passphrase for/g)).toHaveLength(1);
  });
});

describe('a file that others can read draws a warning', () => {
  const exposed = async (file: string, words: readonly string[], environment = deskEnvironment) => {
    chmodSync(file, 0o644);
    const outcome = await runHere(words, environment);
    chmodSync(file, 0o600);
    return { ...outcome, quiet: await runHere(words, environment) };
  };
  const warning = (file: string) =>
    `Warning: ${file} is open to other users of this machine; run chmod 600 ${file}`;

  it('a key, and the work is done', async () => {
    const file = desk.at('signer.key');
    const words = sealWords(desk, at('warned.seal'));
    const { status, stderr } = await exposed(file, words);
    expect([status, stderr]).toEqual([0, `${warning(file)}\n`]);
    rmSync(at('warned.seal'));
    rmSync(at('warned.seal.key'));
  });

  it('a token, a passphrase file, and the keys of an authority', async () => {
    const token = desk.at('authority/owner.token');
    const nowhere = ['--authority', 'http://127.0.0.1:1', '--token-file', token];
    const listed = await exposed(token, ['alarm', 'list', ...nowhere]);
    expect(listed.stderr).toContain(warning(token));
    expect(listed.quiet.stderr).not.toContain('Warning');

    writeFileSync(at('passphrase'), 'a passphrase that is wrong', { mode: 0o600 });
    const serve = ['authority', 'serve', desk.at('authority'), '--passphrase-file', at('passphrase')];
    expect((await exposed(at('passphrase'), serve)).stderr).toContain(warning(at('passphrase')));
    const issuer = desk.at('authority/issuer.key');
    const { stderr, quiet } = await exposed(issuer, serve);
    expect(stderr).toContain(warning(issuer));
    expect(quiet.stderr).not.toContain('Warning');
  });

  it('as an event with --json', async () => {
    const token = desk.at('authority/owner.token');
    const words = ['alarm', 'list', '--authority', 'http://127.0.0.1:1', '--token-file', token, '--json'];
    const outcome = await exposed(token, words);
    expect(jsonLines(outcome)[0]).toEqual({ event: 'warning', sentence: warning(token).slice(9) });
  });
});

it.each([
  ['a key', () => desk.at('root.key')],
  ['a binary file', () => desk.at('panel.bin')],
  ['an empty file', () => '/dev/null'],
])('%s is no token, and it is named', async (_, file) => {
  const words = ['job', 'list', '--authority', 'http://127.0.0.1:1', '--token-file', file()];
  const { status, stderr } = await runHere(words);
  expect(status).toBe(3);
  expect(stderr).toContain(`token-malformed: ${file()} does not hold a token`);
});

describe('names that could leave their folder, or draw on the terminal', () => {
  const names = ['../../../evil', '..', '.hidden', 'a/b', 'a b', '\u001b[31mred', 'x'.repeat(33), '', 'é'];

  it.each(names)('the product %j', async (name) => {
    const delegation = at('evil.delegation');
    for (const words of [
      [
        'keys',
        'delegate',
        '--root',
        desk.at('root.key'),
        '--role',
        'approver',
        '--key',
        desk.at('ca.key.pub'),
      ],
      ['keys', 'epoch', '--root', desk.at('root.key'), '--epoch', '1'],
    ]) {
      const { status, stderr } = await runHere(
        [...words, '--product', name, '--out', delegation],
        deskEnvironment,
      );
      expect([status, stderr]).toEqual([2, expect.stringContaining('1 to 32 letters')]);
      expect(stderr).not.toContain('\u001b');
    }
    const { status } = await runHere([
      ...[
        'authority',
        'add-product',
        desk.at('authority'),
        '--product',
        name,
        '--root-key',
        desk.at('root.key.pub'),
      ],
      ...['--issuer-delegation', desk.at('issuer.delegation')],
      ...['--device-ca-delegation', desk.at('ca.delegation')],
    ]);
    expect(status).toBe(2);
    expect(readdirSync(desk.at('authority/products'))).toEqual(['panel.json']);
  });
});

it.each(['deadbeef', 'job.id', '../owner', '0'.repeat(33)])('%s is no id of a job', async (id) => {
  const access = ['--authority', 'http://127.0.0.1:1', '--token-file', desk.at('authority/owner.token')];
  for (const name of ['approve', 'close', 'show']) {
    const { status, stderr } = await runHere(['job', name, id, ...access]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('32 hexadecimal digits')]);
  }
});
