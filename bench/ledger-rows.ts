// The audit of a ledger with 1,000,000 entries by its files: the tree computed again and held against every
// tile, against the hashes that nobody can do without; and the memory that it takes.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import {
  formatCheckpoint,
  growTiles,
  type LedgerFolder,
  ledgerFileSizeBytesAtMost,
  TileTree,
  toBase64,
} from '@firmseal/ledger';
import type { AuditFigures } from './ledger/audit-process.ts';
import type { BenchRow } from './row.ts';

const size = 1_000_000;
const entriesAtOnce = 1 << 16;
const memoryLimitMb = 300;

/** A ledger of that size: not synced to the disk, since nobody needs it afterwards. */
async function makeLedger(folder: string): Promise<string> {
  const files: LedgerFolder = {
    ...filesOfFolder(folder, ledgerFileSizeBytesAtMost),
    write: async (path, bytes) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    },
  };
  for (let from = 0; from < size; from += entriesAtOnce) {
    const count = Math.min(entriesAtOnce, size - from);
    const seed = crypto.randomBytes(32 * count);
    const leaves = Array.from({ length: count }, (_, i) => seed.subarray(32 * i, 32 * (i + 1)));
    await growTiles(crypto, files, { from, leaves });
  }
  const root = await new TileTree(crypto, files, size).root();
  return toBase64(utf8(formatCheckpoint({ origin: 'bench.example', size, root })));
}

export async function ledgerRows(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-ledger-bench-'));
  try {
    const checkpoint = await makeLedger(folder);
    const script = fileURLToPath(new URL('ledger/audit-process.ts', import.meta.url));
    const child = fork(script, [folder, checkpoint]);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the audit ended')));
    const [figures] = (await Promise.race([once(child, 'message'), ended])) as [AuditFigures];
    const { oursMs, peerMs, maxRssMb } = figures;
    return [
      {
        ...{ name: `audit of a ledger's tree, ${size} entries`, value: oursMs / 1000, unit: 's' },
        ...{ ratio: oursMs / peerMs, aim: 1.5, limit: 2 },
        note: 'CPU; peer: one SHA-256 call of the same provider a leaf and a node, least of 3 each; files are read and compared too',
      },
      {
        ...{ name: "memory of the audit of a ledger's tree", value: maxRssMb, unit: 'MB' },
        ...{ ratio: maxRssMb / memoryLimitMb, limit: 1 },
        note: `largest resident size of its process; limit ${memoryLimitMb} MB`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
