// Bodies and answer of the two personalize requests. spec/link.md section 4. Issuing the certificate
// between them is packages/certificate.

import type { Bytes } from '@firmseal/bytes';
import { byteString, type CborInput, decodeCbor, encodeCbor, tuple } from '@firmseal/cbor-cose';
import { type Origin, originNumber } from '@firmseal/formats';
import { frameLongestContentBytes } from '@firmseal/link';
import { readPayload } from './payload.ts';

export interface PersonalizeBegin {
  /** The owner's root, SEC 1 uncompressed, 65 bytes. */
  readonly rootPublicKey: Uint8Array;
  readonly product: string;
  readonly epoch: number;
  /** 16 to 32 bytes, or empty. */
  readonly challenge: Uint8Array;
  /** 32 to 64 bytes, for parts without a random generator. */
  readonly seed?: Uint8Array;
  /** How the identity comes about: spec/device.md section 1. */
  readonly origin: Origin;
}

export interface PersonalizeBegun {
  /** SEC 1 uncompressed, 65 bytes each. */
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
  /** Signed by the signing key: the proof of possession. */
  readonly hello: Bytes;
}

export interface PersonalizeFinish {
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** The final option bytes, the readout level among them. */
  readonly optionBytes: readonly { register: number; mask: number; value: number }[];
}

export function personalizeBeginBody(begin: PersonalizeBegin): Bytes {
  const map = new Map<number, CborInput>([
    [0, begin.rootPublicKey],
    [1, begin.product],
    [2, begin.epoch],
    [3, begin.challenge],
    [5, originNumber(begin.origin)],
  ]);
  if (begin.seed !== undefined) map.set(4, begin.seed);
  return encodeCbor(map);
}

const point = byteString(65);
const begunSchema = tuple(point, point, byteString(1, 4096));

/** Throws `link-answer-malformed`. */
export function readPersonalizeBegun(payload: Uint8Array): PersonalizeBegun {
  const what = 'personalize-begin';
  const [signingKey, kemKey, hello] = readPayload(what, () =>
    begunSchema(decodeCbor(payload, { maxBytes: frameLongestContentBytes }), what),
  );
  return { signingKey, kemKey, hello };
}

const optionRows = (optionBytes: PersonalizeFinish['optionBytes']) =>
  optionBytes.map(({ register, mask, value }) => [register, mask, value]);

export const personalizeProtectBody = (optionBytes: PersonalizeFinish['optionBytes']): Bytes =>
  encodeCbor(optionRows(optionBytes));

export const personalizeFinishBody = ({ certificate, optionBytes }: PersonalizeFinish): Bytes =>
  encodeCbor([certificate, optionRows(optionBytes)]);

/** The chip's proof that it holds an enrolment secret (spec/device.md section 6). */
export interface EnrolmentProof {
  /** Which secret: 16 bytes. */
  readonly id: Bytes;
  readonly mac: Bytes;
}

const enrolmentSchema = tuple(byteString(16), byteString(32));

/** Throws `link-answer-malformed`. */
export function readEnrolmentProof(payload: Uint8Array): EnrolmentProof {
  const what = 'personalize-enrol';
  const [id, mac] = readPayload(what, () =>
    enrolmentSchema(decodeCbor(payload, { maxBytes: frameLongestContentBytes }), what),
  );
  return { id, mac };
}
