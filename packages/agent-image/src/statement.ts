// What an agent signer states about an agent: spec/agent-image.md section 2. Codec alone.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor, field, oneOf } from '@firmseal/cbor-cose';
import { bytes32, count, openSigned, readObject, type SignedKind, shortText, word } from '@firmseal/formats';

export const statementKind: SignedKind = {
  typ: 'application/firmseal-agent',
  payloadMaxBytes: 256,
  malformed: 'agent-image-malformed',
  invalid: 'agent-image-signature-invalid',
};

export interface AgentStatement {
  readonly product: string;
  /** As in the catalogue: `stm32f427`. */
  readonly chipId: string;
  /** What hellos and receipts of this agent say. */
  readonly agentVersion: number;
  readonly counter: number;
  readonly codeLengthBytes: number;
  /** SHA-256 of the code, 32 bytes. */
  readonly codeDigest: Bytes;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  chipId: field(2, shortText),
  agentVersion: field(3, count),
  counter: field(4, count),
  codeLengthBytes: field(5, word),
  codeDigest: field(6, bytes32),
};

export function encodeStatement(statement: AgentStatement): Bytes {
  return encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, statement.product],
      [2, statement.chipId],
      [3, statement.agentVersion],
      [4, statement.counter],
      [5, statement.codeLengthBytes],
      [6, statement.codeDigest],
    ]),
  );
}

/** A payload whose signature held, or that is only shown. Throws `agent-image-malformed`. */
export function readStatement(payload: Uint8Array): AgentStatement {
  const { formatVersion: _, ...statement } = readObject(payload, 'agent-image-malformed', 'statement', shape);
  return statement;
}

/** Shape of a statement without its signature, for display. Throws `agent-image-malformed`. */
export function readAgentStatementUnverified(bytes: Uint8Array): AgentStatement {
  return readStatement(openSigned(bytes, statementKind).payload);
}
