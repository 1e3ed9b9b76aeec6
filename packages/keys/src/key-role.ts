// What a key is for. A key has one role for all its life: delegations
// (spec/delegation.md) name the same words.

import { Fault } from '@firmseal/fault';

export const keyRoles = [
  'root',
  'package-signer',
  'license-issuer',
  'device-ca',
  'approver',
  'agent-signer',
  'station',
  'recoverer',
  'authority-kem',
  'ledger',
  'witness',
] as const;

/**
 * `authority-kem` unwraps content keys and never signs; all others sign and never unwrap. `ledger` and
 * `witness` sign notes, which others read too, and are Ed25519 keys; all others are on P-256.
 */
export type KeyRole = (typeof keyRoles)[number];

const ed25519Roles: readonly KeyRole[] = ['ledger', 'witness'];

export const isEd25519Role = (role: KeyRole): boolean => ed25519Roles.includes(role);

/** Roles of P-256 keys. */
export const p256Roles = keyRoles.filter((role) => !isEd25519Role(role));

export const isKeyRole = (value: unknown): value is KeyRole => keyRoles.some((role) => role === value);

/** Throws `key-role-wrong` when the role is not one of those expected. */
export function expectRole(role: KeyRole, expected: readonly KeyRole[]): void {
  if (!expected.includes(role)) {
    throw new Fault('key-role-wrong', { role, expected: expected.join(' or ') });
  }
}
