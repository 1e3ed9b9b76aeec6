// The request that a ledger sends to a witness (c2sp.org/tlog-witness): old size, proof, empty line,
// checkpoint. What a witness answers is signature lines, or a status.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { fromBase64, toBase64 } from './base64.ts';
import { proofHashesAtMost } from './proof.ts';

export interface WitnessRequest {
  /** Entries that the witness has cosigned, as the ledger believes. */
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  /** The note, word for word. */
  readonly checkpoint: string;
}

export const witnessRequestSizeBytesAtMost = 65_536;
export const witnessPath = '/add-checkpoint';
/** Content type of the answer 409, whose body is the size that the witness has cosigned. */
export const witnessSizeType = 'text/x.tlog.size';

export const formatWitnessRequest = ({ old, proof, checkpoint }: WitnessRequest): string =>
  `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`;

/** Throws `witness-request-malformed`. */
export function parseWitnessRequest(text: string): WitnessRequest {
  const malformed = (problem: string) => new Fault('witness-request-malformed', { problem });
  const end = text.indexOf('\n\n');
  if (end < 0) throw malformed('no empty line stands before the checkpoint');
  const [first = '', ...lines] = text.slice(0, end).split('\n');
  const [, digits] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? [];
  if (digits === undefined || !Number.isSafeInteger(Number(digits)))
    throw malformed('its first line is no old size');
  if (lines.length > proofHashesAtMost) throw malformed('its proof is too long');
  const proof = lines.map((line): Bytes => {
    const hash = fromBase64(line);
    if (hash?.length !== 32) throw malformed('a line of its proof is no hash');
    return hash;
  });
  return { old: Number(digits), proof, checkpoint: text.slice(end + 2) };
}
