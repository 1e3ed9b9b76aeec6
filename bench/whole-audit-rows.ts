// `firmseal audit` from the files of a ledger alone, everything verified: real jobs,
// certificates, licenses and receipts of so many units, three entries each. The tree alone, of a
// million entries, is in ledger-rows.ts.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ledger, openSqliteStore } from '@firmseal/authority';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { makeHistory } from './history/make-history.ts';
import type { WholeAuditFigures, WholeAuditTrust } from './ledger/whole-audit-process.ts';
import type { BenchRow } from './row.ts';

export async function wholeAuditRows(units = 1500): Promise<BenchRow[]> {
  // What is measured is the work, not the disk that the ledger is made on.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'firmseal-audit-bench-'));
  try {
    const [path, tiles] = [join(folder, 'authority.sqlite'), join(folder, 'ledger')];
    const { owner } = await makeHistory(path, units);
    const store = openSqliteStore({ path, crypto });
    const signer = noteSigner('log', 'bench.example/ledger');
    const files = filesOfFolder(tiles, ledgerFileSizeBytesAtMost);
    const ledger = await Ledger.open({ crypto, store, folder: files, signer, witnesses: [], least: 0 });
    await ledger.publish();
    await store.close();
    const trust: WholeAuditTrust = {
      ...{
        ledgerKey: ledger.verifierKey,
        product: owner.product,
        rootPublicKey: toHex(owner.root.publicKey),
      },
      deviceCaKey: toHex(owner.deviceCa.publicKey),
    };
    const script = fileURLToPath(new URL('ledger/whole-audit-process.ts', import.meta.url));
    const child = fork(script, [tiles, JSON.stringify(trust)]);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the audit ended')));
    const [figures] = (await Promise.race([once(child, 'message'), ended])) as [WholeAuditFigures];
    const { oursMs, peerMs, maxRssMb, entries } = figures;
    return [
      {
        ...{ name: `audit of a ledger whole, ${entries} entries`, value: oursMs / 1000, unit: 's' },
        ratio: oursMs / peerMs,
        note: `CPU; ${((oursMs * 1000) / entries).toFixed(0)} us an entry, ${maxRssMb.toFixed(0)} MB; peer: three signatures a unit and two hashes an entry`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
