// The files of remote sockets: how a line reaches stations, and which stations a relay takes. docs/remote.md
// describes both for people.

import { createHash, timingSafeEqual } from 'node:crypto';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';
import { toHostPort } from '../options.ts';

const stationsFormat = 'firmseal-stations-1';
export const relayFormat = 'firmseal-relay-1';

const path = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^\P{Cc}*$/u, 'it has control characters');
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'it is no name of a station');
const address = z
  .string()
  .max(300)
  .refine((text) => toHostPort(text) !== undefined, 'it is not HOST:PORT');
const mostStations = 256;
const someStations = <T extends z.ZodType>(one: T) =>
  z
    .record(name, one)
    .refine((all) => Object.keys(all).length <= mostStations, `more than ${mostStations} stations`);

const stationsSchema = z
  .strictObject({
    format: z.literal(stationsFormat),
    /** The relay, HOST:PORT. */
    relay: address.optional(),
    /** Or: stations connect to this machine. */
    listen: z.strictObject({ address, certificate: path, key: path, clientCa: path.optional() }).optional(),
    /** File with the token of each. */
    stations: someStations(path),
  })
  .refine(({ relay, listen }) => (relay === undefined) !== (listen === undefined), 'relay or listen is due');

const relaySchema = z.strictObject({
  format: z.literal(relayFormat),
  /** SHA-256 of the token of each, hexadecimal. */
  stations: someStations(z.string().regex(/^[0-9a-f]{64}$/, 'it is no SHA-256 in hexadecimal digits')),
});

export type StationsFile = z.infer<typeof stationsSchema>;
export type RelayFile = z.infer<typeof relaySchema>;

const invalid = (file: string, problem: string) => new Fault('stations-file-invalid', { file, problem });

/** Its paths as they are seen from here. Throws `stations-file-invalid`, and what readBoundedFile does. */
export function readStationsFile(file: string): StationsFile {
  const read = readJsonFile(file, stationsSchema);
  if ('problem' in read) throw invalid(file, read.problem);
  const at = (text: string): string => (isAbsolute(text) ? text : join(dirname(resolve(file)), text));
  const { listen, stations, ...rest } = read.data;
  return {
    ...rest,
    ...(listen === undefined
      ? {}
      : {
          listen: {
            address: listen.address,
            certificate: at(listen.certificate),
            key: at(listen.key),
            ...(listen.clientCa === undefined ? {} : { clientCa: at(listen.clientCa) }),
          },
        }),
    stations: Object.fromEntries(Object.entries(stations).map(([one, token]) => [one, at(token)])),
  };
}

/** Throws `stations-file-invalid`, and what readBoundedFile does. */
export function readRelayFile(file: string): RelayFile {
  const read = readJsonFile(file, relaySchema);
  if ('problem' in read) throw invalid(file, read.problem);
  return read.data;
}

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest();

export const tokenDigest = (token: string | Uint8Array): string => sha256(token).toString('hex');

/** Whether a token is the one of a station, by digests; a name that nobody has takes as long. */
export const tokenChecker =
  (stations: Readonly<Record<string, string>>) => (station: string, token: string) => {
    const wanted = Object.hasOwn(stations, station) ? stations[station] : undefined;
    const same = timingSafeEqual(sha256(token), Buffer.from(wanted ?? tokenDigest(''), 'hex'));
    return same && wanted !== undefined;
  };
