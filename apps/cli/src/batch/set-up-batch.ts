// What `firmseal install --batch` works with: the package under the owner's trust, and the batch with an
// outbox in place of the authority.

import { Outbox } from '../line/outbox.ts';
import { stationTools, type TrustOptions, trustPackage } from '../line-setup.ts';
import type { Stations } from '../remote/stations.ts';
import { authorityOfBatch, readBatch } from './batch-authority.ts';

interface BatchOptions extends TrustOptions {
  readonly batch: string;
  readonly outbox: string;
  readonly stations: Stations;
}

/** Throws the faults of package, keys, delegations, batch, and of a folder that cannot be written. */
export function setUpBatch(path: string, { batch, outbox: folder, stations, ...trust }: BatchOptions) {
  const { sealed, delegation, verifier } = trustPackage(path, trust);
  const objects = { header: sealed.headerBytes, deviceCaDelegation: delegation };
  const opened = readBatch(batch, sealed);
  const outbox = new Outbox(folder);
  const authority = authorityOfBatch(opened, async (delivery) => outbox.keep(delivery, objects));
  return { sealed, delegation, verifier, authority, ...stationTools(stations) };
}
