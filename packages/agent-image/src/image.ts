// The image of an agent as it stands in its slot: spec/agent-image.md section 1. Layout alone; what the proof
// says is statement.ts, whether it holds is verify.ts. Little-endian:
//    0 "FSAG"   4 version 1 (2)   6 length of the proof (2)   8 length of the code   12 counter   16 zeros
//   32 proof, then zeros          1024 code

import type { Bytes } from '@firmseal/bytes';
import { byteString, encodeCbor, tuple } from '@firmseal/cbor-cose';
import { agentHeaderBytes } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { readItem, readValue, successionCountMax } from '@firmseal/formats';

/** The beginning of the header: an image is one from the moment that these bytes are written. */
export const agentHeadBytes = 32;
/** The length of the code is a multiple of it; shorter code is filled with 0xFF. */
export const agentCodeAlignmentBytes = 32;

const magic = Uint8Array.of(0x46, 0x53, 0x41, 0x47); // "FSAG"
const version = 1;
const proofMaxBytes = agentHeaderBytes - agentHeadBytes;
const counterMax = 2 ** 31 - 1;

/** Encoded objects: who may sign agents, and what he signed. */
export interface AgentProof {
  /** Of the root, oldest first. */
  readonly successions: readonly Bytes[];
  readonly delegation: Bytes;
  readonly statement: Bytes;
}

export interface AgentImage {
  /** Of agents: a chip takes a higher one alone. */
  readonly counter: number;
  /** From the vector table on; as long as the header says. */
  readonly code: Bytes;
  /** Left out: the agent that personalization writes and measures. */
  readonly proof?: AgentProof;
}

/** The code, filled up to whole alignments with what erased flash reads. */
export function paddedCode(code: Uint8Array): Bytes {
  const whole = Math.ceil(code.length / agentCodeAlignmentBytes) * agentCodeAlignmentBytes;
  const padded = new Uint8Array(whole).fill(0xff);
  padded.set(code);
  return padded;
}

function encodeProof({ successions, delegation, statement }: AgentProof): Bytes {
  return encodeCbor([[...successions], delegation, statement]);
}

/**
 * Header and code, the code filled up to 32 bytes. Throws `agent-image-too-large` when the proof does not fit
 * the header, as it does not with more than two or three successions.
 */
export function encodeAgentImage({ counter, code, proof }: AgentImage): Bytes {
  const proofBytes = proof ? encodeProof(proof) : new Uint8Array(0);
  if (proofBytes.length > proofMaxBytes)
    throw new Fault('agent-proof-too-large', { lengthBytes: proofBytes.length, mostBytes: proofMaxBytes });
  const padded = paddedCode(code);
  const image = new Uint8Array(agentHeaderBytes + padded.length);
  const view = new DataView(image.buffer);
  image.set(magic);
  view.setUint16(4, version, true);
  view.setUint16(6, proofBytes.length, true);
  view.setUint32(8, padded.length, true);
  view.setUint32(12, counter, true);
  image.set(proofBytes, agentHeadBytes);
  image.set(padded, agentHeaderBytes);
  return image;
}

const malformed = (reason: string) => new Fault('agent-image-malformed', {}, { cause: new Error(reason) });

function readProof(bytes: Uint8Array): AgentProof {
  const one = byteString(0, proofMaxBytes);
  const value = readItem(bytes, 'agent-image-malformed');
  if (!Array.isArray(value) || !Array.isArray(value[0]) || value[0].length > successionCountMax)
    throw malformed('the proof is no array of successions, delegation, statement');
  const successions = value[0].map((item) => readValue(item, 'agent-image-malformed', 'succession', one));
  const [, delegation, statement] = readValue(
    value,
    'agent-image-malformed',
    'proof',
    tuple((item) => item, one, one),
  );
  return { successions, delegation, statement };
}

/**
 * Takes an image apart; `bytes` may go on behind it, as a slot does. Nothing is verified. Throws
 * `agent-image-malformed`.
 */
export function readAgentImage(bytes: Uint8Array): AgentImage {
  if (bytes.length < agentHeaderBytes) throw malformed('shorter than a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!magic.every((byte, i) => bytes[i] === byte)) throw malformed('another magic');
  if (view.getUint16(4, true) !== version) throw malformed('another version');
  const [proofLength, codeLength] = [view.getUint16(6, true), view.getUint32(8, true)];
  const counter = view.getUint32(12, true);
  if (proofLength > proofMaxBytes) throw malformed('a proof beyond the header');
  if (codeLength === 0 || codeLength % agentCodeAlignmentBytes !== 0) throw malformed('length of the code');
  // Both are below 2^32, so the sum is exact.
  if (agentHeaderBytes + codeLength > bytes.length) throw malformed('code beyond the slot');
  if (counter > counterMax) throw malformed('counter');
  const isZero = (byte: number) => byte === 0;
  const rest = bytes.subarray(agentHeadBytes + proofLength, agentHeaderBytes);
  if (!bytes.subarray(16, agentHeadBytes).every(isZero) || !rest.every(isZero)) throw malformed('no zeros');
  const code = bytes.slice(agentHeaderBytes, agentHeaderBytes + codeLength) as Bytes;
  if (proofLength === 0) return { counter, code };
  return { counter, code, proof: readProof(bytes.slice(agentHeadBytes, agentHeadBytes + proofLength)) };
}
