// The checks of an agent's image, in the order of spec/agent-image.md section 3, which the anchor
// and the agent in the chip keep too.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { checkCounterCap, type Trust, verifyAuthority, verifySigned } from '@firmseal/formats';
import { type AgentImage, type AgentProof, readAgentImage } from './image.ts';
import { type AgentStatement, readStatement, statementKind } from './statement.ts';

export interface AgentTrust extends Trust {
  /** The chip that the image is for, as in the catalogue. */
  readonly chipId: string;
  /** The agent that personalization measured: an image without proof is that one or refused. */
  readonly measured?: { readonly codeDigest: Uint8Array; readonly counter: number };
}

export interface VerifiedAgent {
  readonly counter: number;
  readonly code: Bytes;
  /** Left out: the measured agent, which says none. */
  readonly agentVersion?: number;
  /** The epoch in force once the proof was read; without a proof, the epoch of the trust. */
  readonly epoch: number;
}

function verifyProof(
  crypto: Crypto,
  proof: AgentProof,
  { chipId, image, ...trust }: AgentTrust & { image: AgentImage },
): { statement: AgentStatement; epoch: number } {
  const { successions, delegation } = proof;
  const { delegate, trust: grown } = verifyAuthority(
    crypto,
    { successions, delegation },
    { ...trust, role: 'agent-signer' },
  );
  const object = verifySigned(crypto, proof.statement, {
    ...{ kind: statementKind, publicKey: delegate.publicKey },
  });
  const statement = readStatement(object.payload);
  if (statement.product !== grown.product)
    throw new Fault('agent-image-product-wrong', { product: statement.product, expected: grown.product });
  if (statement.chipId !== chipId)
    throw new Fault('agent-image-chip-wrong', { chip: statement.chipId, expected: chipId });
  if (statement.counter !== image.counter || statement.codeLengthBytes !== image.code.length)
    throw new Fault('agent-image-malformed');
  checkCounterCap(delegate, statement.counter);
  if (!equalBytes(crypto.sha256(image.code), statement.codeDigest))
    throw new Fault('agent-image-digest-wrong');
  return { statement, epoch: grown.epoch };
}

/**
 * Every check of section 3. Throws `agent-image-malformed`, `agent-image-unknown`; the faults of
 * verifyAuthority; `agent-image-signature-invalid`, `agent-image-product-wrong`, `agent-image-chip-wrong`,
 * `delegation-counter-exceeded`, `agent-image-digest-wrong`.
 */
export function verifyAgentImage(crypto: Crypto, bytes: Uint8Array, trust: AgentTrust): VerifiedAgent {
  const image = readAgentImage(bytes);
  const { counter, code, proof } = image;
  if (!proof) {
    const { measured } = trust;
    const isMeasured = measured?.counter === counter && equalBytes(crypto.sha256(code), measured.codeDigest);
    if (!isMeasured) throw new Fault('agent-image-unknown');
    return { counter, code, epoch: trust.epoch ?? 0 };
  }
  const { measured: _, ...rest } = trust;
  const { statement, epoch } = verifyProof(crypto, proof, { ...rest, image });
  return { counter, code, agentVersion: statement.agentVersion, epoch };
}
