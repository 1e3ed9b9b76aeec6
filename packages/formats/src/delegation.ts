// Delegations and epoch statements by the owner's root key: spec/delegation.md. Packages and licenses both
// rest on them. Which counter is held against the cap, and when, is the caller's (step 3 of the checks).

import type { Bytes } from '@firmseal/bytes';
import { type CoseSigner, encodeCbor, field, integer, oneOf, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { requireProductName } from './product-name.ts';
import { count, pointBytes, readObject, shortText } from './shapes.ts';
import { checkSigned, openSigned } from './signed-object.ts';

export const delegationTyp = 'application/firmseal-delegation';
export const epochTyp = 'application/firmseal-epoch';

/** In the order of their numbers on the wire, from 1. */
export const roles = ['package-signer', 'license-issuer', 'device-ca', 'approver'] as const;
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
  return signCoseWith(crypto, { signer, typ: delegationTyp, payload });
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
  return signCoseWith(crypto, { signer, typ: epochTyp, payload });
}

/** Shape of a delegation without its signature, for display. Throws `delegation-malformed`. */
export function readDelegationUnverified(crypto: Crypto, bytes: Uint8Array): Delegation {
  return readDelegation(crypto, openSigned(bytes, delegationTyp, 'delegation-malformed').payload);
}

function readDelegation(crypto: Crypto, payload: Uint8Array): Delegation {
  const shape = readObject(payload, 'delegation-malformed', 'delegation', delegationShape);
  const { publicKey, product, counterCap, epoch } = shape;
  if (!crypto.isP256Point(publicKey)) throw new Fault('delegation-malformed');
  return { role: roles[shape.role - 1]!, publicKey, product, counterCap, epoch };
}

/**
 * Step 2 of delegation.md section 3. `epoch` is the one in force; without `product` any product is taken.
 * Throws, in this order: `delegation-malformed`, `delegation-signature-invalid`, `delegation-role-wrong`,
 * `delegation-product-wrong`, `delegation-revoked`.
 */
export function verifyDelegation(
  crypto: Crypto,
  bytes: Uint8Array,
  expected: { rootPublicKey: Uint8Array; role: Role; product?: string | undefined; epoch: number },
): Delegation {
  const object = openSigned(bytes, delegationTyp, 'delegation-malformed');
  const delegation = readDelegation(crypto, object.payload);
  checkSigned(crypto, object, {
    publicKey: expected.rootPublicKey,
    invalid: 'delegation-signature-invalid',
  });
  const { role, product, epoch } = delegation;
  if (role !== expected.role) throw new Fault('delegation-role-wrong', { role, expected: expected.role });
  if (expected.product !== undefined && product !== expected.product)
    throw new Fault('delegation-product-wrong', { product, expected: expected.product });
  if (epoch < expected.epoch) throw new Fault('delegation-revoked', { epoch, inForce: expected.epoch });
  return delegation;
}

/**
 * Step 1 of delegation.md section 3. Throws `epoch-malformed`,
 * `epoch-signature-invalid`, `epoch-product-wrong`.
 */
function verifyEpochStatement(
  crypto: Crypto,
  bytes: Uint8Array,
  expected: { rootPublicKey: Uint8Array; product?: string | undefined },
): EpochStatement {
  const object = openSigned(bytes, epochTyp, 'epoch-malformed');
  const { product, epoch } = readObject(object.payload, 'epoch-malformed', 'epoch statement', epochShape);
  checkSigned(crypto, object, { publicKey: expected.rootPublicKey, invalid: 'epoch-signature-invalid' });
  if (expected.product !== undefined && product !== expected.product)
    throw new Fault('epoch-product-wrong', { product, expected: expected.product });
  return { product, epoch };
}

/** Shape of an epoch statement without its signature, for display. Throws `epoch-malformed`. */
export function readEpochStatementUnverified(bytes: Uint8Array): EpochStatement {
  const { payload } = openSigned(bytes, epochTyp, 'epoch-malformed');
  const { product, epoch } = readObject(payload, 'epoch-malformed', 'epoch statement', epochShape);
  return { product, epoch };
}

/** Who is trusted, as far as the caller knows: the owner's root, the product and the epoch known so far. */
export interface Trust {
  readonly rootPublicKey: Uint8Array;
  /** Left out, the product of the delegation is taken, and everything must be for that one. */
  readonly product?: string | undefined;
  readonly epoch?: number | undefined;
}

/**
 * Steps 1 and 2 together: the epoch in force is the higher of the known one and the statement's.
 * Throws what verifyEpochStatement and verifyDelegation throw.
 */
export function verifyAuthority(
  crypto: Crypto,
  objects: { delegation: Uint8Array; epochStatement?: Uint8Array | undefined },
  expected: Trust & { role: Role },
): { delegate: Delegation; epoch: number } {
  const { rootPublicKey, role } = expected;
  let { product, epoch = 0 } = expected;
  if (objects.epochStatement) {
    const statement = verifyEpochStatement(crypto, objects.epochStatement, { rootPublicKey, product });
    product = statement.product;
    epoch = Math.max(epoch, statement.epoch);
  }
  const delegate = verifyDelegation(crypto, objects.delegation, { rootPublicKey, role, product, epoch });
  return { delegate, epoch };
}

/** Step 3: throws `delegation-counter-exceeded`. */
export function checkCounterCap(delegation: Delegation, securityCounter: number): void {
  if (securityCounter > delegation.counterCap)
    throw new Fault('delegation-counter-exceeded', { securityCounter, cap: delegation.counterCap });
}
