// One job, mixed chips: `firmseal job show --sfi-books` shows what the authority counts beside what a station
// installed through ST's tool. The outcomes stay apart, and so do the counts.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, deskEnvironment, makeDesk, type ServedAuthority, serveDesk, succeed } from './desk.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-mixed-'));
let desk: Desk;
let authority: ServedAuthority;
let words: string[];

function book(unit: string, record: object): void {
  mkdirSync(desk.at(`books/units/${unit}`), { recursive: true });
  writeFileSync(
    desk.at(`books/units/${unit}/record.json`),
    JSON.stringify({ productId: '48202001', ...record }),
  );
}

beforeAll(async () => {
  desk = await makeDesk(folder);
  authority = await serveDesk(desk);
  const owner = ['--authority', authority.url, '--token-file', desk.at('authority/owner.token')];
  const sealed = ['--package', desk.at('panel.seal'), '--content-key', desk.at('panel.seal.key')];
  const [opened] = await succeed(['job', 'open', ...owner, ...sealed, '--quota', '7']);
  words = ['job', 'show', String(opened?.['job']), ...owner, '--sfi-books', desk.at('books')];
  const license = { source: 'card', image: 'aa' };
  const attempt = { startedAtMs: 1_700_000_000_000, image: 'aa' };
  book('01', { license, attempts: [{ ...attempt, outcome: 'DONE-UNPROVEN', reasons: [] }] });
  book('02', { license, attempts: [{ ...attempt, outcome: 'FAILED' }, attempt] });
  book('03', { drawing: { counterBefore: 4 }, attempts: [] });
});
afterAll(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

it('keeps outcomes and counts apart', async () => {
  const { status, stdout } = await runHere(words, deskEnvironment);
  expect(status).toBe(0);
  const shown = stdout.replaceAll(folder, 'DESK').split('\n').slice(1);
  expect(shown).toEqual([
    "books DESK/books, by ST's installer and without proof: licenses 3, DONE-UNPROVEN 1, NOT-ENDED 1, NOT-BEGUN 1",
    expect.stringMatching(/^ {2}chip 01, product id 48202001: DONE-UNPROVEN, .*attempt 1, license: card$/),
    expect.stringMatching(/^ {2}chip 02, product id 48202001: NOT-ENDED, .*attempt 2, license: card$/),
    '  chip 03, product id 48202001: NOT-BEGUN, license: asked for, answer unknown',
    "together: 0 of the quota of 7 by the authority, 3 chips by ST's installer, which the authority does not count",
    '',
  ]);
});

it('does not guess at a record that it cannot read', async () => {
  book('04', { attempts: 'none' });
  const { status, stderr } = await runHere(words, deskEnvironment);
  expect([status, stderr]).toEqual([16, expect.stringContaining('sfi-books-invalid')]);
});
