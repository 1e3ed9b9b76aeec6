// Identity and journal as they lie in flash, for given keys and counters: ../README.md, "Identity" and
// "Journal". With them a test puts a chip into any state without going through personalization and installs.

import { type Bytes, concatBytes, u32le, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';

const padded = (bytes: Uint8Array, length: number): Bytes => {
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
};

export interface IdentityContent {
  readonly signing: { readonly publicKey: Bytes; readonly privateKey: Bytes };
  readonly kem: { readonly publicKey: Bytes; readonly privateKey: Bytes };
  readonly rootPublicKey: Bytes;
  readonly product: string;
  readonly epoch: number;
  readonly deviceKey: Bytes;
  readonly certificate: Bytes;
  /** Number of the origin: spec/device.md section 1. */
  readonly origin: number;
}

/** 1696 bytes for the start of the identity range. */
export function identityImage(content: IdentityContent): Bytes {
  const head = concatBytes(
    ...[utf8('FSID'), u32le(1), u32le(content.epoch), u32le(content.certificate.length)],
    ...[content.signing.privateKey, content.kem.privateKey, content.deviceKey, new Uint8Array(32)],
    ...[content.rootPublicKey, content.signing.publicKey, content.kem.publicKey],
    ...[Uint8Array.of(content.product.length), padded(utf8(content.product), 32)],
  );
  const whole = concatBytes(padded(head, 568), u32le(content.origin));
  const image = concatBytes(padded(whole, 608), padded(content.certificate, 1024));
  const mac = crypto.hmacSha256(content.deviceKey, image);
  return concatBytes(
    image,
    mac,
    mac.map((byte) => ~byte),
  );
}

/** Life cycles as the journal keeps them. */
const journaledLife = {
  personalized: 0x1e87d23b,
  installing: 0x69b40fc4,
  installed: 0xa53c965a,
  erased: 0xd2e16985,
} as const;

export interface StateContent {
  readonly lifeCycle: keyof typeof journaledLife;
  readonly securityCounter: number;
  readonly epoch: number;
  readonly installCount: number;
  readonly rootPublicKey: Uint8Array;
  readonly unwraps?: number;
  /** Of the license that was unwrapped last; missing: none, or its install ended well. */
  readonly lastLicense?: Uint8Array;
}

/** No receipt can be given. */
const noReceipt = 0x4d3a96c5;

/** Versions of the layout, with the bytes of a record that are authenticated. */
const journalVersions = { 1: ['FSJ1', 880], 2: ['FSJ2', 1104] } as const;

/**
 * A state record and its confirmation, for the start of the first journal unit: of the present version, 1152
 * bytes, or of an earlier one.
 */
export function journalImage(
  deviceKey: Uint8Array,
  state: StateContent,
  version: keyof typeof journalVersions = 2,
): Bytes {
  const [magic, authenticBytes] = journalVersions[version];
  const sequence = 1;
  const words = [
    ...[journaledLife[state.lifeCycle], state.securityCounter, state.epoch, state.installCount],
    ...[0, state.unwraps ?? 0, 2, 1, 0, 0, 0, 0, noReceipt, 0],
  ];
  const body = concatBytes(
    ...[utf8(magic), u32le(sequence), ...words.map((word) => u32le(word))],
    ...[state.rootPublicKey.subarray(1), state.lastLicense ?? new Uint8Array(0)],
  );
  const record = padded(body, authenticBytes);
  const confirm = concatBytes(utf8('FSC1'), u32le(sequence), u32le(0), u32le(0));
  return concatBytes(
    ...[record, crypto.hmacSha256(deviceKey, record).subarray(0, 16)],
    ...[confirm, crypto.hmacSha256(deviceKey, confirm).subarray(0, 16)],
  );
}
