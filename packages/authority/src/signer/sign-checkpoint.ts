// The signer signs a checkpoint of the ledger only when it continues the one that it signed last, as a
// witness does: nobody gets two histories signed.

import { type Bytes, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { parseCheckpoint, type TileTree, verifyConsistency } from '@firmseal/ledger';
import type { LedgerSigner } from '../service/ledger.ts';
import type { CheckpointAnswer, CheckpointRequest, SignerView } from './issuing-signer.ts';
import type { SignerContext } from './signer-context.ts';

const triesAtMost = 3;

/** Throws `checkpoint-malformed`, `checkpoint-of-another-log`, `checkpoint-not-continued`. */
export async function signCheckpoint(
  { crypto, table, ledger }: SignerContext,
  { text, from, proof }: CheckpointRequest,
): Promise<CheckpointAnswer> {
  const { origin, size, root } = parseCheckpoint(text);
  if (ledger?.key.name !== origin)
    throw new Fault('checkpoint-of-another-log', { found: origin, log: ledger?.key.name ?? 'none' });
  let seen = 0;
  const isNoted = await table.continueLedger(origin, { size, root }, (before) => {
    seen = before?.size ?? 0;
    const refused = new Fault('checkpoint-not-continued', { origin, seen });
    if (seen > size) throw refused;
    if (before === undefined) return true;
    if (seen !== from) return false;
    if (!verifyConsistency(crypto, { from: before, to: { size, root }, proof })) throw refused;
    return true;
  });
  return isNoted ? { signature: new Uint8Array(await ledger.sign(utf8(text))) } : { seen };
}

/** Signs for a ledger by asking, with the proofs that the signer wants. */
export function ledgerSignerOf(
  { origin, publicKey }: NonNullable<SignerView['ledger']>,
  ask: (request: CheckpointRequest) => Promise<CheckpointAnswer>,
): LedgerSigner {
  let seen = 0;
  return {
    key: { kind: 'log', name: origin, publicKey },
    async sign(bytes, tree: TileTree): Promise<Bytes> {
      const text = new TextDecoder().decode(bytes);
      for (let attempt = 0; attempt < triesAtMost; attempt++) {
        const proof = await tree.proveConsistency(seen);
        const answer = await ask({ text, from: seen, proof });
        if ('signature' in answer) {
          seen = tree.size;
          return answer.signature;
        }
        seen = answer.seen;
      }
      throw new Fault('checkpoint-not-continued', { origin, seen });
    },
  };
}
