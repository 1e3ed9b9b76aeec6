// The audit of a ledger by all of its files, opened entries included, in a process of its own, whose memory
// is that of the audit; then what it cannot do without: the signatures of certificate, license and receipt of
// each unit, and two hashes an entry. Argument: folder, and in JSON how it is trusted.

import { auditLedger } from '@firmseal/audit';
import { fromHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { ledgerFileSizeBytesAtMost, parseNoteKey } from '@firmseal/ledger';

export interface WholeAuditTrust {
  /** `NAME+ID+KEY`. */
  readonly ledgerKey: string;
  readonly product: string;
  /** In hexadecimal. */
  readonly rootPublicKey: string;
  readonly deviceCaKey: string;
}

export interface WholeAuditFigures {
  readonly oursMs: number;
  readonly peerMs: number;
  readonly maxRssMb: number;
  readonly entries: number;
}

const [folder = '', given = ''] = process.argv.slice(2);
const { ledgerKey, product, rootPublicKey, deviceCaKey } = JSON.parse(given) as WholeAuditTrust;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const start = cpuMs();
const { ok, checkpoint, unitCount, findings } = await auditLedger(
  crypto,
  filesOfFolder(folder, ledgerFileSizeBytesAtMost),
  {
    products: new Map([
      [product, { product, rootPublicKey: fromHex(rootPublicKey), deviceCaKeys: [fromHex(deviceCaKey)] }],
    ]),
    ledger: { log: parseNoteKey(crypto, ledgerKey, 'log'), witnesses: [], least: 0 },
  },
);
const oursMs = cpuMs() - start;
const maxRssMb = process.resourceUsage().maxRSS / 1024;
if (!ok) throw new Error(`the audit has findings: ${JSON.stringify(findings.slice(0, 3))}`);
const entries = checkpoint!.size;

const pair = crypto.generateP256();
const message = crypto.randomBytes(600);
const signature = crypto.signEs256(pair.privateKey, message);
const between = cpuMs();
for (let i = 0; i < 3 * unitCount; i++) crypto.verifyEs256(pair.publicKey, message, signature);
for (let i = 0; i < 2 * entries; i++) crypto.sha256(message);
process.send!({ oursMs, peerMs: cpuMs() - between, maxRssMb, entries } satisfies WholeAuditFigures);
