// The audit of a ledger's tree in a process of its own, whose memory is that of the audit;
// then the hashes that it cannot do without, one after the other. Each is measured
// alternately; the least of the rounds counts.

import { auditTree } from '@firmseal/audit';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { filesOfFolder } from '@firmseal/files';
import { fromBase64, ledgerFileSizeBytesAtMost, parseCheckpoint } from '@firmseal/ledger';

export interface AuditFigures {
  readonly oursMs: number;
  readonly peerMs: number;
  readonly maxRssMb: number;
}

const rounds = 3;
const [folder = '', checkpoint = ''] = process.argv.slice(2);
const head = parseCheckpoint(new TextDecoder().decode(fromBase64(checkpoint)));
const files = filesOfFolder(folder, ledgerFileSizeBytesAtMost);

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function audit(): Promise<void> {
  await auditTree(crypto, files, head, {
    report: (code, subject, detail) => {
      throw new Error(`${code} ${subject}: ${detail}`);
    },
  });
}

/** A leaf of 33 bytes for each entry, a node of 65 for each but one. */
function hashes(): void {
  const [leaf, node] = [new Uint8Array(33), new Uint8Array(65)];
  for (let i = 0; i < head.size; i++) {
    leaf[i % 33] = i;
    crypto.sha256(leaf);
    node[i % 65] = i;
    crypto.sha256(node);
  }
}

const ours: number[] = [];
const peer: number[] = [];
let maxRssMb = 0;
for (let round = 0; round < rounds; round++) {
  const start = cpuMs();
  await audit();
  ours.push(cpuMs() - start);
  if (round === 0) maxRssMb = process.resourceUsage().maxRSS / 1024;
  const between = cpuMs();
  hashes();
  peer.push(cpuMs() - between);
}
process.send!({ oursMs: Math.min(...ours), peerMs: Math.min(...peer), maxRssMb } satisfies AuditFigures);
