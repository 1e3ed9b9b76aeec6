// Enrolment (spec/device.md section 6): the block of a single-use secret that a programming house writes, and
// the proof with which a chip that holds it asks for its certificate.

import { type Bytes, concatBytes, crc32, equalBytes, u32le, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { type DevicePublic, originNumber } from '@firmseal/formats';

const enrolmentIdBytes = 16;
const secretBytes = 32;
const magic = utf8('FSEN');
const layoutVersion = 1;
const label = utf8('firmseal/1 enrol');

export interface Enrolment {
  /** 16 bytes. */
  readonly id: Bytes;
  /** 32 bytes. */
  readonly secret: Bytes;
}

export const newEnrolment = (crypto: Crypto): Enrolment => ({
  id: crypto.randomBytes(enrolmentIdBytes),
  secret: crypto.randomBytes(secretBytes),
});

/** What the programming house writes for one chip, at the start of the journal's second unit. */
export function encodeEnrolment({ id, secret }: Enrolment): Bytes {
  const before = concatBytes(magic, u32le(layoutVersion), id, secret, u32le(0));
  return concatBytes(before, u32le(crc32(before)));
}

/** Undefined for bytes that are no such block. */
export function decodeEnrolment(block: Uint8Array): Enrolment | undefined {
  const id = block.slice(8, 8 + enrolmentIdBytes);
  const secret = block.slice(8 + enrolmentIdBytes, 8 + enrolmentIdBytes + secretBytes);
  if (id.length !== enrolmentIdBytes || secret.length !== secretBytes) return undefined;
  return equalBytes(encodeEnrolment({ id, secret }), block) ? { id, secret } : undefined;
}

export interface EnrolmentClaim {
  readonly device: DevicePublic;
  readonly rootPublicKey: Uint8Array;
  readonly epoch: number;
  /** 32 bytes of the CA, drawn for this proof. */
  readonly nonce: Uint8Array;
}

/** The proof of a chip that holds the secret. */
export function enrolmentProof(
  crypto: Crypto,
  secret: Uint8Array,
  { device, rootPublicKey, epoch, nonce }: EnrolmentClaim,
): Bytes {
  return crypto.hmacSha256(
    secret,
    label,
    nonce,
    rootPublicKey,
    device.signingKey,
    device.kemKey,
    u32le(epoch),
    u32le(originNumber(device.origin)),
    utf8(device.product),
  );
}
