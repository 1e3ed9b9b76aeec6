// What the root's word binds: spec/delegation.md sections 4 and 5. A decision starts from a trust and rests
// on one delegation after the other; each step gives the trust that the next one starts from.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  type Delegation,
  delegationKind,
  epochKind,
  type Role,
  readDelegationPayload,
  readEpochPayload,
  readSuccessionPayload,
  successionKind,
} from './delegation.ts';
import { digestOf, isSignedBy, openSigned, verifySigned } from './signed-object.ts';

/** Who is trusted, as far as the caller knows. */
export interface Trust {
  readonly rootPublicKey: Uint8Array;
  /** Left out, the product of the first object is taken, and everything must be for that one. */
  readonly product?: string | undefined;
  /** The highest epoch known; 0 when left out. */
  readonly epoch?: number | undefined;
  /** Accepted for the same decision before. */
  readonly delegations?: readonly Delegation[] | undefined;
}

/** A delegation whose checks held. */
export interface VerifiedDelegation extends Delegation {
  /** Of the signed object (encoding.md section 2), 32 bytes. */
  readonly digest: Bytes;
}

/** The same after a step: nothing is left open. */
export interface GrownTrust extends Trust {
  readonly product: string;
  readonly epoch: number;
  readonly delegations: readonly Delegation[];
}

/** The trust when no delegation came with its objects: root and epoch in force. */
export interface RootTrust extends Trust {
  readonly epoch: number;
}

/** Encoded objects that travel together. */
export interface RootObjects {
  /** Oldest first. */
  readonly successions?: readonly Uint8Array[];
  readonly epochStatement?: Uint8Array | undefined;
  readonly delegation: Uint8Array;
}

/** Steps 1 of section 5. Throws `root-malformed`, `root-product-wrong`, `root-revoked`. */
function followSuccessions(crypto: Crypto, successions: readonly Uint8Array[], trust: Trust): Trust {
  let now = trust;
  for (const bytes of successions) {
    const object = openSigned(bytes, successionKind);
    if (!isSignedBy(crypto, object, now.rootPublicKey)) continue;
    const { product, publicKey, epoch } = readSuccessionPayload(crypto, object.payload);
    if (now.product !== undefined && product !== now.product)
      throw new Fault('root-product-wrong', { product, expected: now.product });
    if (epoch <= (now.epoch ?? 0)) throw new Fault('root-revoked', { epoch, inForce: now.epoch ?? 0 });
    now = { ...now, product, rootPublicKey: publicKey, epoch };
  }
  return now;
}

/** Step 2. Throws `epoch-malformed`, `epoch-signature-invalid`, `epoch-product-wrong`. */
function adoptStatement(crypto: Crypto, bytes: Uint8Array, trust: Trust): Trust {
  const object = verifySigned(crypto, bytes, { kind: epochKind, publicKey: trust.rootPublicKey });
  const { product, epoch } = readEpochPayload(object.payload);
  if (trust.product !== undefined && product !== trust.product)
    throw new Fault('epoch-product-wrong', { product, expected: trust.product });
  return { ...trust, product, epoch: Math.max(trust.epoch ?? 0, epoch) };
}

/** Step 3. Throws as verifyAuthority, from `delegation-malformed` on. */
function adoptDelegation(
  crypto: Crypto,
  bytes: Uint8Array,
  { role: expected, ...trust }: Trust & { role: Role },
): { delegate: VerifiedDelegation; trust: GrownTrust } {
  const object = verifySigned(crypto, bytes, { kind: delegationKind, publicKey: trust.rootPublicKey });
  const delegation = readDelegationPayload(crypto, object.payload);
  const { role, product, epoch } = delegation;
  if (role !== expected) throw new Fault('delegation-role-wrong', { role, expected });
  if (trust.product !== undefined && product !== trust.product)
    throw new Fault('delegation-product-wrong', { product, expected: trust.product });
  const inForce = trust.epoch ?? 0;
  if (epoch < inForce) throw new Fault('delegation-revoked', { epoch, inForce });
  const before = trust.delegations ?? [];
  const ended = before.find((one) => one.epoch < epoch);
  if (ended) throw new Fault('delegation-revoked', { epoch: ended.epoch, inForce: epoch });
  return {
    delegate: { ...delegation, digest: digestOf(crypto, object) },
    trust: { rootPublicKey: trust.rootPublicKey, product, epoch, delegations: [...before, delegation] },
  };
}

/**
 * Steps 1 and 2 of section 5: the root and the epoch in force, for what the root itself signs. Throws as
 * verifyAuthority, as far as `epoch-product-wrong`.
 */
export function followRoot(
  crypto: Crypto,
  objects: Omit<RootObjects, 'delegation'>,
  known: Trust,
): RootTrust {
  const { successions = [], epochStatement } = objects;
  const followed = followSuccessions(crypto, successions, known);
  const told = epochStatement ? adoptStatement(crypto, epochStatement, followed) : followed;
  return { ...told, epoch: told.epoch ?? 0 };
}

/**
 * Steps 1 to 3 of section 5, in order. `trust` of the answer has the root, product and epoch in force, and
 * every delegation of the decision so far: the next object of the same decision is verified with it. Throws
 * `root-malformed`, `root-product-wrong`, `root-revoked`; `epoch-malformed`, `epoch-signature-invalid`,
 * `epoch-product-wrong`; `delegation-malformed`, `delegation-signature-invalid`, `delegation-role-wrong`,
 * `delegation-product-wrong`, `delegation-revoked`.
 */
export function verifyAuthority(
  crypto: Crypto,
  objects: RootObjects,
  { role, ...known }: Trust & { role: Role },
): { delegate: VerifiedDelegation; trust: GrownTrust } {
  // A statement ends what was accepted before it, too: all of the decision is held against
  // the epoch that stands now.
  return adoptDelegation(crypto, objects.delegation, { ...followRoot(crypto, objects, known), role });
}

/** Step 4: throws `delegation-counter-exceeded`. */
export function checkCounterCap(delegation: Delegation, securityCounter: number): void {
  if (securityCounter > delegation.counterCap)
    throw new Fault('delegation-counter-exceeded', { securityCounter, cap: delegation.counterCap });
}
