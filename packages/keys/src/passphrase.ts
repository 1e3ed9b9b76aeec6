// Where a passphrase comes from when nobody is asked: a file, or the environment.
// Asking is the command line's.

import { Secret, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from '@firmseal/files';

export const passphraseVariable = 'FIRMSEAL_PASSPHRASE';
const fileSizeBytesAtMost = 4096;

/**
 * The text as bytes: NFC, so that keyboards that compose accents differently agree, then UTF-8. Throws
 * `key-passphrase-empty`; `source` is for its sentence.
 */
export function passphraseOf(text: string, source: string): Secret {
  if (text === '') throw new Fault('key-passphrase-empty', { source });
  return new Secret(utf8(text.normalize('NFC')));
}

/**
 * The first line of `file` when one is given, else FIRMSEAL_PASSPHRASE of `environment`, else undefined.
 * Throws what readBoundedFile does or, for an empty one and a file that is no UTF-8, `key-passphrase-empty`.
 */
export async function findPassphrase(inputs: {
  file?: string;
  environment: Readonly<Record<string, string | undefined>>;
}): Promise<Secret | undefined> {
  const { file, environment } = inputs;
  if (file !== undefined) return passphraseOf(firstLine(file), file);
  const text = environment[passphraseVariable];
  return text === undefined ? undefined : passphraseOf(text, passphraseVariable);
}

function firstLine(path: string): string {
  const bytes = readBoundedFile(path, fileSizeBytesAtMost);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.split(/\r?\n/, 1)[0]!;
  } catch {
    return ''; // no cause is kept: nothing of the file may reach a log
  } finally {
    bytes.fill(0);
  }
}

const leastCharacters = 12;
const leastDifferent = 5;

/**
 * For the passphrase of a new key: whoever gets the file can try passphrases as fast as his machines hash.
 * Throws `passphrase-weak`.
 */
export function refuseWeakPassphrase(passphrase: Secret): void {
  const characters = [...new TextDecoder().decode(passphrase.expose())];
  if (characters.length < leastCharacters || new Set(characters).size < leastDifferent)
    throw new Fault('passphrase-weak', { leastCharacters, leastDifferent });
}
