// The device that fuzzing talks to, and everybody else's keys: the vectors' chip and product with stand-in
// keys (stand-in-crypto.ts), so that any object can be made for it.

import { readFileSync } from 'node:fs';
import { type Bytes, concatBytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor, signatureInput } from '@firmseal/cbor-cose';
import type { Origin } from '@firmseal/formats';
import type { ChipState } from '@firmseal/seal';
import { standInCrypto, standInKeyPair, standInSignature } from './stand-in-crypto.ts';

const filled = (value: number, length = 32): Bytes => new Uint8Array(length).fill(value);

// biome-ignore lint/suspicious/noExplicitAny: the vectors are data of many shapes
export const vectorsOf = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../../vectors/${path}`, import.meta.url), 'utf8'));

export const product = 'thermostat';
export const nonce = Uint8Array.from({ length: 16 }, (_, i) => 0x71 + i);
export const root = standInKeyPair(filled(0x31));
export const packageSigner = standInKeyPair(filled(0x32));
export const licenseIssuer = standInKeyPair(filled(0x33));
const [signing, kem] = [standInKeyPair(filled(0x34)), standInKeyPair(filled(0x35))];
export const device = { signing, kem, deviceKey: filled(0x36), certificate: filled(0x37, 300) };
export const origin: Origin = { kind: 'witnessed', rehearsal: false };
export const thumbprint = standInCrypto.sha256(signing.publicKey, kem.publicKey);

/** A personalized chip at readout level 2 that has installed version 5 before. */
export const chipState = vectorsOf('package/open.json').states.stm32f427 as ChipState;
export const options = chipState.optionBytes;

/** A COSE_Sign1 (RFC 9052) signed for the key: by the stand-in whoever knows the public key can. */
export function signedObject(typ: string, payload: Uint8Array, publicKey: Uint8Array): Bytes {
  const header = encodeCbor(
    new Map<number, CborInput>([
      [1, -7],
      [16, typ],
    ]),
  );
  const signature = standInSignature(publicKey, signatureInput(typ, payload));
  return concatBytes(Uint8Array.of(0xd2), encodeCbor([header, new Map(), payload, signature]));
}
