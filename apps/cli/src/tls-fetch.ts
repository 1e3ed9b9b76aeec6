// `fetch` for an authority with a private CA, or one that asks for client certificates: the files that the
// environment names. Where it names none, the platform's own fetch is used, with the CAs that it knows.

import { Fault } from '@firmseal/fault';
import { readText } from './files.ts';
import type { Shell } from './shell.ts';

/** Names of the environment variables: paths of PEM files. */
const tlsVariables = {
  ca: 'FIRMSEAL_TLS_CA',
  cert: 'FIRMSEAL_TLS_CERT',
  key: 'FIRMSEAL_TLS_KEY',
} as const;

export interface TlsTexts {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * The texts of the files that the environment names; undefined where it names none. Throws
 * `tls-files-invalid` for a certificate without its key or a key without its certificate, and what reading a
 * file throws; a file that is no PEM is found when the first connection is made.
 */
export function readTlsVariables({ environment }: Pick<Shell, 'environment'>): TlsTexts | undefined {
  const read = (name: string): string | undefined => {
    const path = environment[name];
    return path === undefined || path === '' ? undefined : readText(path);
  };
  const [ca, cert, key] = [read(tlsVariables.ca), read(tlsVariables.cert), read(tlsVariables.key)];
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    const problem = `${tlsVariables.cert} and ${tlsVariables.key} belong together`;
    throw new Fault('tls-files-invalid', { problem });
  }
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert, key }) };
}

/** Undefined where the environment names no file. Throws as readTlsVariables. */
export function tlsFetch(shell: Pick<Shell, 'environment'>): typeof fetch | undefined {
  const connect = readTlsVariables(shell);
  if (connect === undefined) return undefined;
  const loaded = import('./undici-fetch.ts').then(({ makeFetch }) => makeFetch(connect));
  return async (...call) => (await loaded)(...call);
}
