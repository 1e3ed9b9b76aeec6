// What the owner's root signs (spec/delegation.md sections 1 to 3): delegations, epoch statements, its own
// successor. Codecs alone; what they bind, and in which order they are checked, is root-trust.ts.

import type { Bytes } from '@firmseal/bytes';
import { type CoseSigner, encodeCbor, field, integer, oneOf, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { requireProductName } from './product-name.ts';
import { count, pointBytes, readObject, shortText } from './shapes.ts';
import { openSigned, type SignedKind } from './signed-object.ts';

export const delegationKind: SignedKind = {
  typ: 'application/firmseal-delegation',
  payloadMaxBytes: 256,
  malformed: 'delegation-malformed',
  invalid: 'delegation-signature-invalid',
};
export const epochKind: SignedKind = {
  typ: 'application/firmseal-epoch',
  payloadMaxBytes: 128,
  malformed: 'epoch-malformed',
  invalid: 'epoch-signature-invalid',
};
/**
 * A succession that the present root did not sign is passed over, so its invalid fault is thrown by nobody.
 */
export const successionKind: SignedKind = {
  typ: 'application/firmseal-root',
  payloadMaxBytes: 256,
  malformed: 'root-malformed',
  invalid: 'root-malformed',
};
/** Successions in one package header. */
export const successionCountMax = 4;

/** In the order of their numbers on the wire, from 1. */
export const roles = [
  ...(['package-signer', 'license-issuer', 'device-ca', 'approver'] as const),
  ...(['agent-signer', 'recoverer'] as const),
] as const;
export type Role = (typeof roles)[number];

const delegationShape = {
  formatVersion: field(0, oneOf(1)),
  role: field(1, integer(1, roles.length)),
  publicKey: field(2, pointBytes),
  product: field(3, shortText),
  counterCap: field(4, count),
  epoch: field(5, count),
};

const epochShape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  epoch: field(2, count),
};

const successionShape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  publicKey: field(2, pointBytes),
  epoch: field(3, count),
};

export interface Delegation {
  readonly role: Role;
  /** The delegate's key: SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Bytes;
  readonly product: string;
  /** The highest security counter that a package or license under this delegation may carry. */
  readonly counterCap: number;
  /** The epoch in which it was made. */
  readonly epoch: number;
}

export interface EpochStatement {
  readonly product: string;
  readonly epoch: number;
}

/** The next root, by the present one. */
export interface Succession {
  readonly product: string;
  /** 65 bytes. */
  readonly publicKey: Bytes;
  /** The epoch that it opens. */
  readonly epoch: number;
}

/** What was allowed to whom, without the time: SHA-256 of [role, public key, product, cap]; 32 bytes. */
export function grantOf(crypto: Crypto, delegation: Omit<Delegation, 'epoch'>): Bytes {
  const { role, publicKey, product, counterCap } = delegation;
  return crypto.sha256(encodeCbor([roles.indexOf(role) + 1, publicKey, product, counterCap]));
}

/** Makes a delegation signed by the root: the encoded object. Rejects with `product-name-invalid`. */
export async function makeDelegation(
  crypto: Crypto,
  signer: CoseSigner,
  delegation: Delegation,
): Promise<Bytes> {
  requireProductName(delegation.product);
  const payload = encodeCbor(
    new Map<number, number | string | Bytes>([
      [0, 1],
      [1, roles.indexOf(delegation.role) + 1],
      [2, delegation.publicKey],
      [3, delegation.product],
      [4, delegation.counterCap],
      [5, delegation.epoch],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: delegationKind.typ, payload });
}

/**
 * Makes an epoch statement signed by the root: it ends every delegation of the product with a lower epoch.
 * Rejects with `product-name-invalid`.
 */
export async function makeEpochStatement(
  crypto: Crypto,
  signer: CoseSigner,
  statement: EpochStatement,
): Promise<Bytes> {
  requireProductName(statement.product);
  const payload = encodeCbor(
    new Map<number, number | string>([
      [0, 1],
      [1, statement.product],
      [2, statement.epoch],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: epochKind.typ, payload });
}

/** Makes a succession signed by the root that is to be replaced. */
export function makeSuccession(crypto: Crypto, signer: CoseSigner, succession: Succession): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, number | string | Bytes>([
      [0, 1],
      [1, succession.product],
      [2, succession.publicKey],
      [3, succession.epoch],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: successionKind.typ, payload });
}

/** A payload whose signature held, or that is only shown. Throws `delegation-malformed`. */
export function readDelegationPayload(crypto: Crypto, payload: Uint8Array): Delegation {
  const shape = readObject(payload, 'delegation-malformed', 'delegation', delegationShape);
  const { publicKey, product, counterCap, epoch } = shape;
  if (!crypto.isP256Point(publicKey)) throw new Fault('delegation-malformed');
  return { role: roles[shape.role - 1]!, publicKey, product, counterCap, epoch };
}

/** As readDelegationPayload. Throws `epoch-malformed`. */
export function readEpochPayload(payload: Uint8Array): EpochStatement {
  const { product, epoch } = readObject(payload, 'epoch-malformed', 'epoch statement', epochShape);
  return { product, epoch };
}

/** As readDelegationPayload. Throws `root-malformed`. */
export function readSuccessionPayload(crypto: Crypto, payload: Uint8Array): Succession {
  const shape = readObject(payload, 'root-malformed', 'succession', successionShape);
  const { product, publicKey, epoch } = shape;
  if (!crypto.isP256Point(publicKey)) throw new Fault('root-malformed');
  return { product, publicKey, epoch };
}

/** Shape of a delegation without its signature, for display. Throws `delegation-malformed`. */
export function readDelegationUnverified(crypto: Crypto, bytes: Uint8Array): Delegation {
  return readDelegationPayload(crypto, openSigned(bytes, delegationKind).payload);
}

/** Shape of an epoch statement without its signature, for display. Throws `epoch-malformed`. */
export function readEpochStatementUnverified(bytes: Uint8Array): EpochStatement {
  return readEpochPayload(openSigned(bytes, epochKind).payload);
}

/** Shape of a succession without its signature, for display. Throws `root-malformed`. */
export function readSuccessionUnverified(crypto: Crypto, bytes: Uint8Array): Succession {
  return readSuccessionPayload(crypto, openSigned(bytes, successionKind).payload);
}
