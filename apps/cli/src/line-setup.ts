// What `firmseal install` and `firmseal license` have in common: the package, the owner's trust, the
// authority for one job, and the adapters of the station.

import { randomBytes } from 'node:crypto';
import { accessForJob, demandProofs, type LineAccess } from '@firmseal/authority-client';
import type { Bytes } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto } from '@firmseal/crypto-node';
import { verifyAuthority } from '@firmseal/formats';
import type { LedgerTrust } from '@firmseal/ledger';
import { systemClock } from '@firmseal/link';
import { createInstallVerifier, readInstallPackage } from '@firmseal/programmer';
import { type AuthorityOptions, accessAuthority } from './authority-access.ts';
import type { Face } from './face.ts';
import { readInput } from './files.ts';
import { readLedgerTrust, type TrustFiles } from './ledger/note-keys.ts';
import { readPublicKey } from './public-key-file.ts';
import type { Stations } from './remote/stations.ts';
import { openSocket } from './sockets.ts';

export interface LineOptions extends AuthorityOptions, TrustOptions, TrustFiles {
  readonly job: Bytes;
}

export interface TrustOptions {
  readonly rootKey: string;
  readonly deviceCaDelegation: string;
}

/** A package under the owner's trust. Throws the faults of the package, of the keys and delegations. */
export function trustPackage(path: string, options: TrustOptions) {
  const rootPublicKey = readPublicKey(options.rootKey);
  const read = readInstallPackage(nodeCrypto, readInput(path), { rootPublicKey });
  const { product } = read.manifest.core;
  const delegation = readInput(options.deviceCaDelegation);
  // One decision with the package: what proves a later epoch ends all that are of an earlier one.
  const { delegate: deviceCa, trust } = verifyAuthority(
    nodeCrypto,
    { delegation },
    { ...read.trust, role: 'device-ca' },
  );
  const verifyCertificate = (der: Uint8Array) =>
    verifyDeviceCertificate(nodeCrypto, der, {
      ...{ caPublicKeys: [deviceCa.publicKey], product, now: new Date() },
    });
  const sealed = { ...read, trust };
  return {
    sealed,
    /** Of the device CA, encoded. */
    delegation,
    verifier: createInstallVerifier(nodeCrypto, { sealed, verifyCertificate }),
  };
}

/** What every install of this machine works with. */
export const stationTools = (stations?: Stations) => ({
  opener: { open: (socket: string) => openSocket(socket, stations) },
  clock: systemClock,
  now: () => new Date(),
  newId: () => randomBytes(16).toString('hex'),
});

/** The access that takes no license without its proof, where a ledger is trusted. */
export const withProofs = (access: LineAccess, job: Bytes, trust: LedgerTrust | undefined): LineAccess =>
  trust === undefined ? access : demandProofs(access, { crypto: nodeCrypto, job, trust });

/**
 * Sends nothing yet. Throws the faults of the package, of the keys and delegations, and of the address.
 */
export function setUpLine(face: Face, path: string, options: LineOptions & { stations: Stations }) {
  const { job } = options;
  const client = accessAuthority(face, options);
  const authority = withProofs(accessForJob(client, job), job, readLedgerTrust(options));
  return { ...trustPackage(path, options), authority, client, ...stationTools(options.stations) };
}
