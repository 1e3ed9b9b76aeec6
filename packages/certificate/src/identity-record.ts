// The record of an identity (spec/device.md section 5): what the trusted site signs about a chip that it let
// go. Whoever has the device CA's key can check it years later, without the chip.

import type { Bytes } from '@firmseal/bytes';
import {
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  integer,
  nullable,
  oneOf,
  signCoseWith,
  textString,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  type DevicePublic,
  digestOf,
  openSigned,
  readObject,
  type SignedKind,
  verifySigned,
} from '@firmseal/formats';
import { type Hello, verifyHello } from '@firmseal/license';
import { verifyDeviceCertificate } from './verify.ts';
import type { DeviceTrust } from './verify-device.ts';

export interface IdentityRecord {
  readonly certificate: Bytes;
  /** Of the site, 32 bytes; the hello answers it. */
  readonly challenge: Bytes;
  /** The chip's own word about its protection. */
  readonly hello: Bytes;
  readonly uniqueId: Bytes;
  /** SHA-256 of the agent's file as the release lists it; null where another programmer wrote the agent. */
  readonly agentSha256: Bytes | null;
  /** Id of the board settings; empty without any. */
  readonly board: string;
  /** Seconds since 1970, by the clock of the site. */
  readonly madeAt: number;
}

const identityRecordKind: SignedKind = {
  typ: 'application/firmseal-identity',
  payloadMaxBytes: 4096,
  malformed: 'identity-record-malformed',
  invalid: 'identity-record-signature-invalid',
};

const shape = {
  version: field(0, oneOf(1)),
  certificate: field(1, byteString(1, 1024)),
  challenge: field(2, bytes32),
  hello: field(3, byteString(1, 1024)),
  uniqueId: field(4, byteString(1, 32)),
  agentSha256: field(5, nullable(bytes32)),
  board: field(6, textString(0, 40, /^[a-z0-9-]*$/)),
  madeAt: field(7, integer(0, Number.MAX_SAFE_INTEGER)),
};

/** COSE_Sign1 by the device CA. */
export function makeIdentityRecord(
  crypto: Crypto,
  signer: CoseSigner,
  record: IdentityRecord,
): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, record.certificate],
      [2, record.challenge],
      [3, record.hello],
      [4, record.uniqueId],
      [5, record.agentSha256],
      [6, record.board],
      [7, record.madeAt],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: identityRecordKind.typ, payload });
}

/**
 * What a record says, with all that it holds checked: its signature, the certificate, the chip's word. Throws
 * `identity-record-malformed`, `identity-record-signature-invalid`, and the faults of certificate and hello.
 */
export function verifyIdentityRecord(
  crypto: Crypto,
  bytes: Uint8Array,
  caPublicKey: Uint8Array,
): { record: IdentityRecord; device: DevicePublic; hello: Hello; digest: Bytes } {
  const { malformed } = identityRecordKind;
  const object = verifySigned(crypto, bytes, { kind: identityRecordKind, publicKey: caPublicKey });
  const { payload } = object;
  const { version: _, ...record } = readObject(payload, malformed, 'identity record', shape);
  const { certificate, challenge } = record;
  const now = new Date(record.madeAt * 1000);
  const device = verifyDeviceCertificate(crypto, certificate, { caPublicKeys: [caPublicKey], now });
  const hello = verifyHello(crypto, { hello: record.hello, device, challenge });
  return { record, device, hello, digest: digestOf(crypto, object) };
}

/**
 * As verifyIdentityRecord, under whichever of the device CAs signed it; for a chip of the product. Throws
 * `certificate-product-wrong` too.
 */
export function verifyIdentityOf(
  crypto: Crypto,
  bytes: Uint8Array,
  { product, deviceCaKeys }: DeviceTrust,
): ReturnType<typeof verifyIdentityRecord> {
  const opened = openSigned(bytes, identityRecordKind);
  const isSignedBy = (key: Uint8Array) => crypto.verifyEs256(key, opened.signatureInput, opened.signature);
  const ca = deviceCaKeys.find(isSignedBy);
  if (ca === undefined) throw new Fault(identityRecordKind.invalid);
  const found = verifyIdentityRecord(crypto, bytes, ca);
  if (found.device.product !== product)
    throw new Fault('certificate-product-wrong', { product: found.device.product, expected: product });
  return found;
}
