// The files of a ledger from a web server: the authority's own, or any that holds a copy of the folder. Every
// file is checked by its reader, so that nothing is asked of the server but to answer.

import type { Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type LedgerFiles, ledgerFileSizeBytesAtMost } from '@firmseal/ledger';
import { readAuthorityAddress } from './authority-address.ts';
import { unreachable } from './http-call.ts';

export interface LedgerOverHttpOptions {
  /** Prefix of the files, `https://host/path`; http only for this machine. */
  readonly address: string;
  /** For the opened entries of an authority. */
  readonly token?: Secret;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

/**
 * Throws `authority-address-invalid`, `authority-url-insecure`. `read` throws `authority-unreachable`,
 * `authority-refused` for any status but 200 and 404, and `authority-answer-malformed`
 * for a file that is too long.
 */
export function ledgerOverHttp(options: LedgerOverHttpOptions): LedgerFiles {
  const { token, fetch: send = fetch, timeoutMs = 30_000 } = options;
  const address = readAuthorityAddress(options.address);
  const headers = token && { authorization: `Bearer ${new TextDecoder().decode(token.expose())}` };
  return {
    read: async (path) => {
      let response: Response;
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const isOpened = path.startsWith('opened/');
        response = await send(`${address}/${path}`, {
          ...(headers && isOpened ? { headers } : {}),
          // A redirect would carry the token to whoever it names.
          ...{ redirect: 'error', signal },
        });
        if (response.status === 404) return undefined;
        if (response.ok) return await boundedBytes(response, path);
      } catch (error) {
        throw error instanceof Fault ? error : unreachable(error).fault;
      }
      throw new Fault('authority-refused', { from: 'authority', status: response.status });
    },
  };
}

async function boundedBytes(response: Response, path: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ledgerFileSizeBytesAtMost)
      throw new Fault('authority-answer-malformed', { what: path, field: 'file', problem: 'it is too long' });
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
