// The key of a station and what the root said of it, for the commands that speak as a station.

import { equalBytes } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { Trust } from '@firmseal/formats';
import { signerOf } from '@firmseal/keys';
import type { Station } from '@firmseal/programmer';
import { checkStationDate, verifyStation } from '@firmseal/station';
import type { Face } from '../face.ts';
import { readInput } from '../files.ts';
import { withKey } from '../secret-files.ts';

export interface StationFiles {
  readonly stationKey: string;
  readonly stationDelegation: string;
  readonly passphraseFile?: string | undefined;
}

/**
 * Lets `use` act as the station. Throws `station-delegation-*`, `delegation-product-wrong`,
 * `delegation-revoked`, `station-key-not-delegated` and the faults of a key file.
 */
export async function withStation<T>(
  face: Face,
  { files, trust }: { files: StationFiles; trust: Trust },
  use: (station: Station) => Promise<T>,
): Promise<T> {
  const delegation = readInput(files.stationDelegation);
  const verified = verifyStation(nodeCrypto, delegation, trust);
  checkStationDate(verified, Date.now());
  const { stationKey: file, passphraseFile } = files;
  const key = { file, role: 'station', what: 'the station key', passphraseFile } as const;
  return withKey(face, key, (opened) => {
    const signer: CoseSigner = signerOf(nodeCrypto, opened);
    if (!equalBytes(signer.publicKey, verified.publicKey)) throw new Fault('station-key-not-delegated');
    return use({ signer, delegation, verified });
  });
}
