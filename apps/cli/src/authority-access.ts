// How commands reach the authority: the one client of @firmseal/authority-client, with the address and
// the token that the options name.

import { InvalidArgumentError } from '@commander-js/extra-typings';
import { AuthorityClient } from '@firmseal/authority-client';
import { type Bytes, fromHex } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import type { Face } from './face.ts';
import { readToken } from './secret-files.ts';
import { tlsFetch } from './tls-fetch.ts';

export interface AuthorityOptions {
  readonly authority: string;
  readonly tokenFile: string;
}

/**
 * Sends nothing yet. Throws `authority-url-insecure`, `authority-address-invalid`, `token-malformed`,
 * `tls-files-invalid`, and what reading a file throws.
 */
export function accessAuthority(face: Face, { authority, tokenFile }: AuthorityOptions): AuthorityClient {
  const fetch = tlsFetch(face.shell);
  return new AuthorityClient({
    ...{ address: authority, token: readToken(face, tokenFile), clock: systemClock },
    ...(fetch ? { fetch } : {}),
  });
}

/** The id of a job, as an argument of a command. */
/** A chip by its thumbprint. */
export function deviceId(text: string): Bytes {
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new InvalidArgumentError('The thumbprint of a chip has 64 hexadecimal digits.');
  return fromHex(text);
}

export function jobId(text: string): Bytes {
  if (!/^[0-9a-fA-F]{32}$/.test(text))
    throw new InvalidArgumentError('The id of a job has 32 hexadecimal digits.');
  return fromHex(text);
}
