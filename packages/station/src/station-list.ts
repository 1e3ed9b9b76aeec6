// Which stations may take the licenses of a job: names of stations, and of sites with all of their stations
// (spec/station.md section 8). Authority, signer and audit ask here.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** Entries of one list: an order with all of them still fits an approval. */
export const stationListMost = 8;

/** A station, or `SITE/*`: every station whose name begins with `SITE/`. */
export const stationListEntry = /^(?=[!-~]{1,32}$)[!-)+-~]+(?<=\/)\*$|^[!-)+-~]{1,32}$/;

/** Name of a station, as its token or its delegation has it: no asterisk, which stands for a site. */
export const stationListName = /^[!-)+-~]{1,32}$/;

/** All entries that mean this station: its name, and its sites from the narrowest to the widest. */
export function entriesOfStation(name: string): string[] {
  const entries = [name];
  for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1))
    entries.push(`${name.slice(0, at)}/*`);
  return entries;
}

export const isOnStationList = (stations: readonly string[], name: string): boolean =>
  entriesOfStation(name).some((entry) => stations.includes(entry));

interface ListedJob {
  readonly jobId: Uint8Array;
  readonly stations?: readonly string[];
}

/**
 * `name` undefined: nobody said at which station. Throws `job-station-refused` for one that is not listed.
 */
export function requireListedStation({ jobId, stations }: ListedJob, name: string | undefined): void {
  if (stations === undefined || (name !== undefined && isOnStationList(stations, name))) return;
  throw new Fault('job-station-refused', { job: toHex(jobId), station: name ?? 'without a name' });
}
