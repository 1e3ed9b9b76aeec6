// The text of a key file, format `firmseal-key-1`: one JSON object. Only the private key is encrypted
// (AES-256-GCM, key from the passphrase by scrypt); everything else is authenticated as the AAD, so that a
// role or a public key cannot be exchanged under the passphrase. No file access here.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { isKeyRole, type KeyRole } from './key-role.ts';
import { checkScryptCost, type ScryptCost } from './passphrase-key.ts';

const keyFormat = 'firmseal-key-1';
export const saltSizeBytes = 32;
export const nonceSizeBytes = 12;
const privateKeySizeBytes = 32;
const tagSizeBytes = 16;

/** What can be known of a key without its passphrase. */
export type KeyInfo = {
  readonly role: KeyRole;
  /** ISO 8601, UTC, as the clock of its maker had it. */
  readonly created: string;
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
};

export type KeyDocument = KeyInfo & {
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  /** The private key's 32 bytes, encrypted, and the tag's 16. */
  readonly ciphertext: Uint8Array;
};

/** The AAD: every public field in a fixed order, as the UTF-8 of a JSON array. */
export function associatedData(document: Omit<KeyDocument, 'nonce' | 'ciphertext'>): Uint8Array {
  const { role, created, publicKey, cost, salt } = document;
  return utf8(
    JSON.stringify([
      keyFormat,
      role,
      created,
      toHex(publicKey),
      'scrypt',
      cost.n,
      cost.r,
      cost.p,
      toHex(salt),
    ]),
  );
}

export function formatKeyDocument(document: KeyDocument): string {
  const { role, created, publicKey, cost, salt, nonce, ciphertext } = document;
  const fields = {
    format: keyFormat,
    role,
    created,
    publicKey: toHex(publicKey),
    kdf: { name: 'scrypt', n: cost.n, r: cost.r, p: cost.p, salt: toHex(salt) },
    nonce: toHex(nonce),
    ciphertext: toHex(ciphertext),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/**
 * Reads a key file's text, which anybody may have written. Throws `key-file-malformed` (an unknown field too)
 * or `key-kdf-refused`; `path` is for their sentence.
 */
export function parseKeyDocument(text: string, path: string): KeyDocument {
  const refuse = (what: string): never => {
    throw new Fault('key-file-malformed', { path, what });
  };
  const fieldsOf = (value: unknown, what: string, names: readonly string[]): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return refuse(`${what} is no object`);
    const unknown = Object.keys(value).find((name) => !names.includes(name));
    if (unknown !== undefined) refuse(`${what} has the unknown field ${unknown}`);
    return value as Record<string, unknown>;
  };
  const hex = (value: unknown, what: string, sizeBytes: number): Uint8Array =>
    typeof value === 'string' && value.length === 2 * sizeBytes && /^[0-9a-f]*$/.test(value)
      ? fromHex(value)
      : refuse(`${what} is not ${sizeBytes} bytes of lower-case hexadecimal`);
  const number = (value: unknown, what: string): number =>
    typeof value === 'number' ? value : refuse(`${what} is no number`);

  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('it is not JSON'); // the parser's own message would quote the file
  }
  const names = ['format', 'role', 'created', 'publicKey', 'kdf', 'nonce', 'ciphertext'];
  const { format, role, created, publicKey, kdf, nonce, ciphertext } = fieldsOf(json, 'the file', names);
  if (format !== keyFormat) return refuse(`its format is not ${keyFormat}`);
  if (!isKeyRole(role)) return refuse('its role is none that firmseal knows');
  if (typeof created !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(created)) {
    return refuse('its time of creation is not a UTC time');
  }
  const { name, n, r, p, salt } = fieldsOf(kdf, 'kdf', ['name', 'n', 'r', 'p', 'salt']);
  if (name !== 'scrypt') return refuse('its key derivation is not scrypt');
  const cost = { n: number(n, 'kdf.n'), r: number(r, 'kdf.r'), p: number(p, 'kdf.p') };
  checkScryptCost(cost, path);
  return {
    role,
    created,
    publicKey: hex(publicKey, 'publicKey', 65),
    cost,
    salt: hex(salt, 'kdf.salt', saltSizeBytes),
    nonce: hex(nonce, 'nonce', nonceSizeBytes),
    ciphertext: hex(ciphertext, 'ciphertext', privateKeySizeBytes + tagSizeBytes),
  };
}
