// Opens the areas of a version 1 image with its key and nonce (spec/sfi.md section 2). Two points are not
// public: how the area's number is added to the nonce, and whether the area's header is authenticated with
// it. Every reading is tried, and the result says which one fitted.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { SfiArea } from './area.ts';
import type { SfiImage } from './image.ts';

const keyBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;

/** AES-128-GCM: the plaintext, or undefined when the tag does not match. `sealed` ends in the tag. */
export type OpenAes128Gcm = (inputs: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}) => Bytes | undefined;

export interface SfiKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

export interface VerifiedSfi {
  readonly headerFits: boolean;
  /** In the order of the file; undefined where no reading fits. */
  readonly areas: readonly (OpenedArea | undefined)[];
}

export interface OpenedArea {
  /** Secret. */
  readonly plaintext: Bytes;
  /** `number added to the nonce as a big-endian integer, header not authenticated` */
  readonly reading: string;
}

/** `nonce + number`, from the last byte up or from the first. */
function addToNonce(nonce: Uint8Array, number: number, from: 'last' | 'first'): Bytes {
  const sum = Uint8Array.from(nonce);
  let carry = number;
  for (let step = 0; step < sum.length && carry > 0; step++) {
    const index = from === 'last' ? sum.length - 1 - step : step;
    const value = sum[index]! + (carry & 0xff);
    sum[index] = value & 0xff;
    carry = (carry >>> 8) + (value >>> 8);
  }
  return sum;
}

const nonceReadings = [
  { says: 'number added to the nonce as a big-endian integer', from: 'last' },
  { says: 'number added to the nonce as a little-endian integer', from: 'first' },
] as const;

const aadReadings: readonly { says: string; aad: (image: SfiImage, area: SfiArea) => Uint8Array }[] = [
  { says: 'header not authenticated', aad: () => new Uint8Array() },
  { says: 'area header authenticated', aad: (_, area) => area.header.subarray(0, -tagBytes) },
  {
    says: 'image header authenticated',
    aad: (image) => image.header.subarray(0, -tagBytes),
  },
];

function openArea(
  open: OpenAes128Gcm,
  given: SfiKey,
  image: SfiImage,
  area: SfiArea,
): OpenedArea | undefined {
  const sealed = concatBytes(area.payload, area.tag);
  for (const { says: nonceSays, from } of nonceReadings)
    for (const { says: aadSays, aad } of aadReadings) {
      const nonce = addToNonce(given.nonce, area.index, from);
      const plaintext = open({ key: given.key, nonce, aad: aad(image, area), sealed });
      if (plaintext !== undefined) return { plaintext, reading: `${nonceSays}, ${aadSays}` };
    }
  return undefined;
}

/**
 * Whether key and nonce fit the header and each area. Of an image whose layout is closed nothing is tried.
 * Throws `sfi-key-size-wrong`.
 */
export function verifySfi(open: OpenAes128Gcm, image: SfiImage, given: SfiKey): VerifiedSfi {
  if (given.key.length !== keyBytes)
    throw new Fault('sfi-key-size-wrong', { what: 'key', sizeBytes: given.key.length, needed: keyBytes });
  if (given.nonce.length !== nonceBytes)
    throw new Fault('sfi-key-size-wrong', {
      what: 'nonce',
      sizeBytes: given.nonce.length,
      needed: nonceBytes,
    });
  const aad = image.header.subarray(0, -tagBytes);
  const header = open({ ...given, aad, sealed: image.headerTag });
  return {
    headerFits: header !== undefined,
    areas: image.areas.map((area) => openArea(open, given, image, area)),
  };
}
