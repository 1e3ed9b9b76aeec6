// The audit of a ledger by all of its files, opened entries included, in a process of its own, whose memory
// is that of the audit: without the units, then with them; and what it cannot do without. Arguments: the
// folder, and how the ledger was made, in JSON.

import { verifyApprovalPolicy } from '@firmseal/approval';
import { auditLedger, type LedgerAuditOptions } from '@firmseal/audit';
import { fromHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { ledgerFileSizeBytesAtMost, parseNoteKey } from '@firmseal/ledger';
import type { MadeLedger } from '../../lab/audit/make-ledger.ts';
import { cpuMs, hashesMs, signaturesMs } from '../../lab/audit/peer.ts';

export interface WholeAuditFigures {
  readonly structureMs: number;
  readonly hashesMs: number;
  readonly wholeMs: number;
  readonly signaturesMs: number;
  readonly maxRssMb: number;
}

// The code of the first rounds is not compiled yet: with a million entries they do not count.
const rounds = 5;
const [folder = '', given = ''] = process.argv.slice(2);
const made = JSON.parse(given) as MadeLedger;
const { product, rootPublicKey, deviceCaKey, ledgerKey } = made;
const trust = { product, rootPublicKey: fromHex(rootPublicKey), deviceCaKeys: [fromHex(deviceCaKey)] };
const approvalPolicy = verifyApprovalPolicy(crypto, fromHex(made.approvalPolicy), trust);

async function audit(only: LedgerAuditOptions['only']): Promise<number> {
  const start = cpuMs();
  const { ok, findings, unitCount } = await auditLedger(
    crypto,
    filesOfFolder(folder, ledgerFileSizeBytesAtMost),
    {
      products: new Map([[product, { ...trust, approvalPolicy }]]),
      ledger: { log: parseNoteKey(crypto, ledgerKey, 'log'), witnesses: [], least: 0 },
      ...(only === undefined ? {} : { only }),
    },
  );
  if (!ok || unitCount !== (only === undefined ? made.units : 0))
    throw new Error(`the audit has findings: ${JSON.stringify(findings.slice(0, 3))}`);
  return cpuMs() - start;
}

async function least(work: () => number | Promise<number>, times: number): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < times; round++) shortest = Math.min(shortest, await work());
  return shortest;
}

const structureMs = await least(() => audit({ job: '00'.repeat(16) }), rounds);
const wholeMs = await audit(undefined);
const maxRssMb = process.resourceUsage().maxRSS / 1024;
const hashes = await least(() => hashesMs(made.entries), rounds);
const signatures = await least(() => signaturesMs(made.signatures), 2);
process.send!({
  ...{ structureMs, hashesMs: hashes, wholeMs, signaturesMs: signatures, maxRssMb },
} satisfies WholeAuditFigures);
