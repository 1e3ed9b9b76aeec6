// The root's word that a key is that of a station: spec/station.md section 1. An object of its own kind, so
// that no chip and no reader of other delegations takes it for one of theirs.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, type CoseSigner, encodeCbor, field, oneOf, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  count,
  digestOf,
  openSigned,
  pointBytes,
  readObject,
  requireProductName,
  type SignedKind,
  shortText,
  type Trust,
  verifySigned,
  word,
} from '@firmseal/formats';

const stationDelegationKind: SignedKind = {
  typ: 'application/firmseal-station',
  payloadMaxBytes: 256,
  malformed: 'station-delegation-malformed',
  invalid: 'station-delegation-signature-invalid',
};

export interface StationDelegation {
  /** Under which the station signs, 65 bytes. */
  readonly publicKey: Bytes;
  readonly product: string;
  /** What people call the station: 1 to 32 printable ASCII letters without a blank. */
  readonly name: string;
  /** In which it was made. */
  readonly epoch: number;
  /** Seconds since 1970, UTC; both included. */
  readonly notBeforeSeconds: number;
  readonly notAfterSeconds: number;
}

export interface VerifiedStation extends StationDelegation {
  /** Of the signed object, 32 bytes. */
  readonly digest: Bytes;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  publicKey: field(1, pointBytes),
  product: field(2, shortText),
  name: field(3, shortText),
  epoch: field(4, count),
  notBeforeSeconds: field(5, word),
  notAfterSeconds: field(6, word),
};

/** The encoded object. Rejects with `product-name-invalid`, `station-delegation-malformed`. */
export async function makeStationDelegation(
  crypto: Crypto,
  root: CoseSigner,
  delegation: StationDelegation,
): Promise<Bytes> {
  requireProductName(delegation.product);
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, delegation.publicKey],
      [2, delegation.product],
      [3, delegation.name],
      [4, delegation.epoch],
      [5, delegation.notBeforeSeconds],
      [6, delegation.notAfterSeconds],
    ]),
  );
  readPayload(crypto, payload);
  return signCoseWith(crypto, { signer: root, typ: stationDelegationKind.typ, payload });
}

function readPayload(crypto: Crypto, payload: Uint8Array): StationDelegation {
  const { malformed } = stationDelegationKind;
  const { formatVersion, ...delegation } = readObject(payload, malformed, 'station delegation', shape);
  const inOrder = delegation.notBeforeSeconds <= delegation.notAfterSeconds;
  if (!inOrder || !crypto.isP256Point(delegation.publicKey)) throw new Fault(malformed);
  return delegation;
}

/** Shape alone, for display: nothing in it can be believed. Throws `station-delegation-malformed`. */
export function readStationDelegationUnverified(crypto: Crypto, bytes: Uint8Array): StationDelegation {
  return readPayload(crypto, openSigned(bytes, stationDelegationKind).payload);
}

/**
 * Section 1, without its dates. `trust` as the decision before it left it: product and the epoch in force.
 * Throws `station-delegation-malformed`, `station-delegation-signature-invalid`, `delegation-product-wrong`,
 * `delegation-revoked`.
 */
export function verifyStation(crypto: Crypto, bytes: Uint8Array, trust: Trust): VerifiedStation {
  const object = verifySigned(crypto, bytes, {
    kind: stationDelegationKind,
    publicKey: trust.rootPublicKey,
  });
  const delegation = readPayload(crypto, object.payload);
  const { product, epoch } = delegation;
  if (trust.product !== undefined && product !== trust.product)
    throw new Fault('delegation-product-wrong', { product, expected: trust.product });
  const inForce = trust.epoch ?? 0;
  if (epoch < inForce) throw new Fault('delegation-revoked', { epoch, inForce });
  return { ...delegation, digest: digestOf(crypto, object) };
}

/** Throws `station-delegation-expired` outside of its dates. */
export function checkStationDate(
  { name, notBeforeSeconds, notAfterSeconds }: StationDelegation,
  nowMs: number,
): void {
  if (nowMs >= notBeforeSeconds * 1000 && nowMs < (notAfterSeconds + 1) * 1000) return;
  const date = (seconds: number) => new Date(seconds * 1000).toISOString();
  throw new Fault('station-delegation-expired', {
    station: name,
    from: date(notBeforeSeconds),
    to: date(notAfterSeconds),
  });
}
