// What the root signed, as the files of a recovery say it: who may sign the statement, and in which epoch.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import {
  readDelegationUnverified,
  readEpochStatementUnverified,
  readSuccessionUnverified,
  verifyAuthority,
} from '@firmseal/formats';
import { readInput } from '../files.ts';

export interface AuthorityFiles {
  readonly product: string;
  readonly deviceCaDelegation: string;
  readonly delegation?: string | undefined;
  readonly epochStatement?: string | undefined;
  readonly succession?: readonly string[] | undefined;
}

export interface AuthorityObjects {
  readonly product: string;
  readonly rootPublicKey: Bytes;
  readonly deviceCaKey: Bytes;
  readonly delegation: Bytes | undefined;
  readonly epochStatement: Bytes | undefined;
  readonly successions: readonly Bytes[];
  /** The highest that any of the files says; whether the root signed them is for who verifies the bundle. */
  readonly epoch: number;
}

/** Throws the faults of the files, and of the device CA's delegation. */
export function readObjects(crypto: Crypto, rootPublicKey: Bytes, files: AuthorityFiles): AuthorityObjects {
  const { product } = files;
  const maybe = (path: string | undefined) => (path === undefined ? undefined : readInput(path));
  const [delegation, epochStatement] = [maybe(files.delegation), maybe(files.epochStatement)];
  const successions = (files.succession ?? []).map((path) => readInput(path));
  const epoch = Math.max(
    0,
    ...(delegation ? [readDelegationUnverified(crypto, delegation).epoch] : []),
    ...(epochStatement ? [readEpochStatementUnverified(epochStatement).epoch] : []),
    ...successions.map((one) => readSuccessionUnverified(crypto, one).epoch),
  );
  const { delegate } = verifyAuthority(
    crypto,
    { delegation: readInput(files.deviceCaDelegation) },
    { rootPublicKey, product, role: 'device-ca' },
  );
  const objects = { delegation, epochStatement, successions, epoch };
  return { product, rootPublicKey, deviceCaKey: delegate.publicKey, ...objects };
}
