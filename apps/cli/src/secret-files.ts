// Keys and tokens in files: opened for one use, and wiped after it.

import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from '@firmseal/files';
import { type KeyRole, type OpenedKey, type OpenTokenKey, openKeyFile } from '@firmseal/keys';
import type { Face } from './face.ts';
import { warnOfReaders } from './file-readers.ts';
import { readPassphrase } from './passphrase.ts';

const tokenBytesAtMost = 4096;

/** The token in a file. Throws what readBoundedFile does, and `token-malformed`. */
export function readToken(face: Face, path: string): Secret {
  warnOfReaders(face, path);
  return readOpenToken(path);
}

/** As readToken, for a token that everybody may read. */
export function readOpenToken(path: string): Secret {
  const text = readTokenText(path);
  if (!/^[A-Za-z0-9_-]{16,128}$/.test(text)) throw new Fault('token-malformed', { file: path });
  return new Secret(utf8(text));
}

function readTokenText(path: string): string {
  try {
    return new TextDecoder('latin1').decode(readBoundedFile(path, tokenBytesAtMost)).trim();
  } catch (error) {
    if (error instanceof Fault && error.code === 'file-too-large') return ''; // another kind of file
    throw error;
  }
}

/** Loads what speaks to tokens when a key is in one. */
export const openToken: OpenTokenKey = async (place) => {
  const { openTokenKey } = await import('@firmseal/pkcs11-adapter');
  return openTokenKey(nodeCrypto, place);
};

/**
 * Opens a key file with the passphrase that is given or asked for, lets `use` have the key, and wipes it
 * whatever happens. `what` names it at the prompt. Throws what openKeyFile and readPassphrase throw.
 */
export async function withKey<T>(
  face: Face,
  { file, role, what, passphraseFile }: KeyToOpen,
  use: (key: OpenedKey) => Promise<T>,
): Promise<T> {
  warnOfReaders(face, file);
  const passphrase = await readPassphrase(face, `${what} ${file}`, passphraseFile);
  const key = await openKeyFile(nodeCrypto, { path: file, passphrase, role, openToken });
  passphrase.wipe();
  try {
    return await use(key);
  } finally {
    key.close();
  }
}

export interface KeyToOpen {
  readonly file: string;
  readonly role: KeyRole;
  /** `the root key` */
  readonly what: string;
  readonly passphraseFile?: string | undefined;
}
