// `firmseal audit` from the files of a ledger alone: what follows from tree and log, and everything with
// every signature, of a few thousand entries. The tree alone, of a million entries, is in ledger-rows.ts; a
// million entries whole is `npm run lab -- audit`.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLedger } from '../lab/audit/make-ledger.ts';
import type { WholeAuditFigures } from './ledger/whole-audit-process.ts';
import type { BenchRow } from './row.ts';

const memoryLimitMb = 300;

export async function wholeAuditRows(entries = 12_000): Promise<BenchRow[]> {
  // What is measured is the work, not the disk that the ledger is made on.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'firmseal-audit-bench-'));
  try {
    const made = await makeLedger(folder, { entries, unitsPerJob: 500 });
    const script = fileURLToPath(new URL('ledger/whole-audit-process.ts', import.meta.url));
    const child = fork(script, [folder, JSON.stringify(made)]);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the audit ended')));
    const [figures] = (await Promise.race([once(child, 'message'), ended])) as [WholeAuditFigures];
    const { structureMs, hashesMs, wholeMs, signaturesMs, maxRssMb } = figures;
    const each = (ms: number) => ((ms * 1000) / made.entries).toFixed(0);
    return [
      {
        ...{ name: `audit of tree and log, ${made.entries} entries`, value: structureMs / 1000, unit: 's' },
        ...{ ratio: structureMs / hashesMs, aim: 2 },
        note: `CPU; ${each(structureMs)} us an entry; peer: four hashes an entry, least of rounds`,
      },
      {
        ...{ name: `audit of a ledger whole, ${made.entries} entries`, value: wholeMs / 1000, unit: 's' },
        ...{ ratio: wholeMs / (hashesMs + signaturesMs), aim: 2 },
        note: `CPU; ${each(wholeMs)} us an entry; peer: the hashes, and one verification for each of ${made.signatures} signatures`,
      },
      {
        ...{ name: 'memory of the audit of a ledger whole', value: maxRssMb, unit: 'MB' },
        ...{ ratio: maxRssMb / memoryLimitMb, limit: 1 },
        note: `largest resident size of its process; limit ${memoryLimitMb} MB`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
