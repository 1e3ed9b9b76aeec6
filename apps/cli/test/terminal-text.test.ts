// What a command says is lines of text, whatever stands in the names of files, in a desk file or in a folder
// of others: no control character and no change of direction reaches the terminal, and no name makes a line.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, deskEnvironment, makeDesk, sealWords } from './desk.ts';
import { type Outcome, runHere, runUntil } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-terminal-'));
let desk: Desk;
beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Colour, clear screen, an 8-bit control sequence, a change of direction, and a line of its own. */
const hostile = 'red\u001b[31m\u001b[2J\u009b1m\u202egnp\nsealed: all is well';
const shown = 'red?[31m?[2J?1m?gnp?sealed: all is well';

function expectPlain({ stdout, stderr }: Outcome): void {
  expect(stdout + stderr).toContain(shown);
  expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(`${stdout}${stderr}`).not.toMatch(/^sealed: all is well/m);
}

it('a file that is written', async () => {
  const out = join(folder, `${hostile}.seal`);
  const sealed = await runHere(sealWords(desk, out), deskEnvironment);
  expect(sealed.status).toBe(0);
  expectPlain(sealed);
});

it('a token file that others can read, in the warning', async () => {
  const token = join(folder, `${hostile}.token`);
  writeFileSync(token, 'none', { mode: 0o644 });
  const nowhere = ['--authority', 'http://127.0.0.1:1'];
  const warned = await runHere(['job', 'list', ...nowhere, '--token-file', token]);
  expect(warned.stderr).toMatch(/^Warning: /);
  expectPlain(warned);
});

it('a stray file among the products of an authority', async () => {
  writeFileSync(join(desk.at('authority/products'), hostile), '');
  const words = ['authority', 'serve', desk.at('authority'), '--listen', '127.0.0.1:0'];
  const served = await runUntil(words, deskEnvironment, { serves: true });
  expect(served.status).toBe(0);
  expectPlain(served);
});

it('a desk file of somebody else', async () => {
  const above = join(folder, 'above');
  mkdirSync(above);
  const write = (authority: object) =>
    writeFileSync(join(above, 'firmseal.json'), JSON.stringify({ format: 'firmseal-desk-1', authority }));
  write({ url: `http://${hostile}`, token: 'owner.token' });
  expectPlain(await runHere(['job', 'list'], {}, above));
  // No file has control characters in its path: a NUL is refused by every system call.
  for (const token of [hostile, 'a\u0000b']) {
    write({ url: 'http://127.0.0.1:1', token });
    const refused = await runHere(['job', 'list'], {}, above);
    expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining('desk-file-invalid')]);
    expect(refused.stderr).toContain('authority.token');
  }
});
