// What a verifier knows of a device: its two public keys, bound by their thumbprint, and how they came about.
// spec/device.md section 1. Where it comes from, a certificate or the record of
// personalization, is for others.

import type { Bytes } from '@firmseal/bytes';
import { oneOf, type Schema } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';

/** In the order of their numbers, from 1. */
export const origins = ['witnessed', 'enrolled', 'unwitnessed'] as const;
export type OriginKind = (typeof origins)[number];

/** How an identity came about, and whether its chip was left reversible on purpose. */
export interface Origin {
  readonly kind: OriginKind;
  readonly rehearsal: boolean;
}

/** Added to the number of an origin in a rehearsal. */
const rehearsalOffset = 4;

/** 1, 2, 3; in a rehearsal 5, 6, 7. */
export function originNumber({ kind, rehearsal }: Origin): number {
  return origins.indexOf(kind) + 1 + (rehearsal ? rehearsalOffset : 0);
}

/** The origin of a number; undefined when no origin has that number. */
export function originOf(number: number): Origin | undefined {
  const rehearsal = number > rehearsalOffset;
  const kind = origins[number - 1 - (rehearsal ? rehearsalOffset : 0)];
  return kind === undefined ? undefined : { kind, rehearsal };
}

const numbers = oneOf(1, 2, 3, 5, 6, 7);

/** Key 13 of a hello and its like: the number as an origin. */
export const originValue: Schema<Origin> = (value, what) => originOf(numbers(value, what))!;

export function sameOrigin(a: Origin, b: Origin): boolean {
  return originNumber(a) === originNumber(b);
}

export interface DevicePublic {
  /** SEC 1 uncompressed points, 65 bytes each. */
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
  /** 32 bytes: the name of the device everywhere. */
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly product: string;
  readonly origin: Origin;
  /** End of the certificate's validity; left out when it has none. */
  readonly notAfter?: Date;
}

/** SHA-256(signing public key || KEM public key); 32 bytes. */
export function thumbprintOf(crypto: Crypto, signingKey: Uint8Array, kemKey: Uint8Array): Bytes {
  return crypto.sha256(signingKey, kemKey);
}
