// Signs an agent: from its code to the image that a chip takes (spec/agent-image.md). What was made
// is verified before it is given.

import type { Bytes } from '@firmseal/bytes';
import { type CoseSigner, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { encodeAgentImage, paddedCode } from './image.ts';
import { type AgentStatement, encodeStatement, statementKind } from './statement.ts';
import { verifyAgentImage } from './verify.ts';

export interface SignedAgent extends Omit<AgentStatement, 'codeLengthBytes' | 'codeDigest'> {
  /** From the vector table on, as the build links it. */
  readonly code: Uint8Array;
  /** Of the agent signer. */
  readonly delegation: Bytes;
  /** From the root that the chips were personalized with to the present one, oldest first. */
  readonly successions?: readonly Bytes[];
  /** The root that the chips were personalized with: a SEC 1 point of 65 bytes. */
  readonly rootPublicKey: Uint8Array;
}

/**
 * Rejects with the faults of verifyAgentImage (a delegation for another key or product, a counter above its
 * cap, a signer that signs wrongly) and `agent-proof-too-large`.
 */
export async function signAgentImage(
  crypto: Crypto,
  signer: CoseSigner,
  { code, delegation, successions = [], rootPublicKey, ...facts }: SignedAgent,
): Promise<Bytes> {
  const padded = paddedCode(code);
  const payload = encodeStatement({
    ...facts,
    codeLengthBytes: padded.length,
    codeDigest: crypto.sha256(padded),
  });
  const statement = await signCoseWith(crypto, {
    signer,
    typ: statementKind.typ,
    payload,
    callerVerifies: true,
  });
  const image = encodeAgentImage({
    ...{ counter: facts.counter, code: padded, proof: { successions, delegation, statement } },
  });
  verifyAgentImage(crypto, image, { rootPublicKey, product: facts.product, chipId: facts.chipId });
  return image;
}
