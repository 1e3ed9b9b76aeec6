// Records of identities on their way to the authority. The file of `--records` is written first and keeps
// them; what did not arrive is sent again by `firmseal identity send`, and a record that arrives twice is
// one.

import type { AuthorityClient } from '@firmseal/authority-client';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';

export interface RecordOptions {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly records?: string | undefined;
}

/** The authority, where a token was given. Throws `records-way-incomplete`, and as accessAuthority. */
export function recordTaker(
  face: Face,
  { authority, tokenFile, records }: RecordOptions,
): AuthorityClient | undefined {
  if (tokenFile === undefined) return undefined;
  if (authority === undefined || records === undefined) throw new Fault('records-way-incomplete');
  return accessAuthority(face, { authority, tokenFile });
}

/** A fault is told, and ends nothing: the chip is done, and its record is in the file. */
export async function bringRecord(
  face: Face,
  authority: AuthorityClient,
  { record, file }: { record: Bytes; file: string },
): Promise<void> {
  try {
    const { thumbprint, stored } = await authority.call('storeIdentity', { record });
    face.event({ event: 'record-delivered', thumbprint: toHex(thumbprint), stored });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    face.warn(
      `The authority did not get the record (${error.code}: ${error.message}) It is in ${file}: ` +
        'send it later with `firmseal identity send`.',
    );
  }
}
