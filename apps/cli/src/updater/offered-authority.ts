// The authority that a published page asks: its address, a job of mode update, and the token of the job,
// which everybody can read in the page. Any other token is refused here: a page would give it away.

import { readAuthorityAddress } from '@firmseal/authority-client';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { isPublicToken } from '@firmseal/updater';
import { readOpenToken } from '../secret-files.ts';

export interface OfferedAuthority {
  readonly url: string;
  /** Hexadecimal. */
  readonly job: string;
  readonly token: string;
}

export interface AuthorityOptions {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly job?: Bytes | undefined;
}

/**
 * Undefined without an authority. Throws `command-line-invalid` for a part of the three,
 * `update-token-not-public`, `update-authority-unfit`, `authority-address-invalid`, `authority-url-insecure`,
 * `token-malformed`, and what reading a file throws.
 */
export function authorityToOffer({
  authority,
  tokenFile,
  job,
}: AuthorityOptions): OfferedAuthority | undefined {
  if (authority === undefined && tokenFile === undefined && job === undefined) return undefined;
  if (authority === undefined || tokenFile === undefined || job === undefined)
    throw new Fault('command-line-invalid', {
      command: 'firmseal updater build',
      detail: '--authority, --token-file and --job belong together',
    });
  const url = readAuthorityAddress(authority);
  // A policy can name no address in brackets (CSP Level 3, section 2.3.1).
  if (new URL(url).hostname.startsWith('[')) throw new Fault('update-authority-unfit', { url });
  const token = new TextDecoder().decode(readOpenToken(tokenFile).expose());
  if (!isPublicToken(token)) throw new Fault('update-token-not-public', { file: tokenFile });
  return { url, job: toHex(job), token };
}
