// The campaign in small: a ledger of a few thousand entries is audited by the command, stopped in the middle
// and gone on with. A million: `npm run lab -- audit`.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditTold, auditCommand } from './audit-command.ts';
import { type MadeLedger, makeLedger } from './make-ledger.ts';
import { runAudit, writeKeys } from './run-audit.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-audit-'));
const progress = join(folder, 'progress.json');
let made: MadeLedger;
let words: string[];
let whole: AuditTold;
beforeAll(async () => {
  made = await makeLedger(join(folder, 'ledger'), { entries: 1200, unitsPerJob: 100 });
  words = writeKeys(folder, join(folder, 'ledger'), made);
  whole = await auditCommand(words);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Without what tells how much was done in this run. */
const told = ({ events }: AuditTold) => events.filter(({ event }) => event !== 'ledger');

it('a made ledger is sound, and all of it is counted', () => {
  expect(whole.status).toBe(0);
  const jobs = whole.events.filter(({ event }) => event === 'job') as unknown as {
    units: number;
    voided: number;
    installed: number;
  }[];
  expect(jobs).toHaveLength(made.jobs);
  for (const { units, voided, installed } of jobs) expect([units + voided, installed]).toEqual([100, units]);
});

it('an audit that was killed goes on where it was, and says the same', async () => {
  expect(await runAudit([...words, '--progress', progress], { killAfter: 250 })).toBeUndefined();
  const note = JSON.parse(readFileSync(progress, 'utf8'));
  expect(note.complete).toBe(false);
  const resumed = await auditCommand([...words, '--progress', progress]);
  expect(told(resumed)).toEqual(told(whole));
  expect(resumed.installs).toBeLessThan(whole.installs);
  expect(resumed.installs).toBeGreaterThan(whole.installs - 250);
  const again = await auditCommand([...words, '--progress', progress]);
  expect([again.installs, told(again)]).toEqual([0, told(whole)]);
}, 120_000);

it('what was changed before the place where it goes on is still found', async () => {
  const path = join(folder, 'ledger/opened/000');
  const bytes = readFileSync(path);
  const changed = Buffer.from(bytes);
  changed[600]! ^= 1;
  writeFileSync(path, changed);
  const { status } = await auditCommand([...words, '--progress', progress]);
  writeFileSync(path, bytes);
  expect([status, existsSync(progress)]).toEqual([4, true]);
}, 120_000);
