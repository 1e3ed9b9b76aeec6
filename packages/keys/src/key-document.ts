// The text of a key file, one JSON object of two kinds. `firmseal-key-1` holds the key: only the private key
// is encrypted (AES-256-GCM, key from the passphrase by scrypt); everything else is authenticated as the AAD,
// so that a role or a public key cannot be exchanged under the passphrase. `firmseal-token-key-1` says in
// which PKCS #11 token the key is; the token proves the public key when it is opened. No file access here.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import { isEd25519Role, type KeyRole, keyRoles, p256Roles } from './key-role.ts';
import { checkScryptCost, type ScryptCost } from './passphrase-key.ts';

const keyFormat = 'firmseal-key-1';
const tokenKeyFormat = 'firmseal-token-key-1';
export const saltSizeBytes = 32;
export const nonceSizeBytes = 12;
const privateKeySizeBytes = 32;
const tagSizeBytes = 16;

/** What can be known of a key without its passphrase. */
export type KeyInfo = {
  readonly role: KeyRole;
  /** ISO 8601, UTC, as the clock of its maker had it. */
  readonly created: string;
  /** SEC 1 uncompressed point, 65 bytes; of an Ed25519 key its 32 bytes. */
  readonly publicKey: Uint8Array;
};

export type KeyDocument = KeyInfo & {
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  /** The private key's 32 bytes, encrypted, and the tag's 16. */
  readonly ciphertext: Uint8Array;
};

/** Of a key that is in a token. */
export type TokenKeyDocument = KeyInfo & {
  /** `pkcs11:` URI of RFC 7512, without a PIN. */
  readonly uri: string;
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

export function formatTokenKeyDocument({ role, created, publicKey, uri }: TokenKeyDocument): string {
  const fields = { format: tokenKeyFormat, role, created, publicKey: toHex(publicKey), uri };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

const hexBytes = (sizeBytes: number) =>
  z
    .string()
    .regex(/^[0-9a-f]*$/, 'lower-case hexadecimal is due')
    .length(2 * sizeBytes, `${sizeBytes} bytes in hexadecimal are due`)
    .transform((text): Uint8Array => fromHex(text));

const publicKeySizeBytes = (role: KeyRole): number => (isEd25519Role(role) ? 32 : 65);

const infoShape = {
  role: z.enum(keyRoles),
  created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'a UTC time is due'),
  publicKey: z.union([hexBytes(65), hexBytes(32)]),
};

const documentShape = z.strictObject({
  format: z.literal(keyFormat),
  ...infoShape,
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z.number(),
    r: z.number(),
    p: z.number(),
    salt: hexBytes(saltSizeBytes),
  }),
  nonce: hexBytes(nonceSizeBytes),
  ciphertext: hexBytes(privateKeySizeBytes + tagSizeBytes),
});

const tokenShape = z.strictObject({
  format: z.literal(tokenKeyFormat),
  ...infoShape,
  role: z.enum(p256Roles),
  publicKey: hexBytes(65),
  uri: z
    .string()
    .max(1024)
    .regex(/^pkcs11:[\x21-\x7e]+$/, 'a pkcs11: URI is due'),
});

/**
 * Reads a key file's text, which anybody may have written. Throws `key-file-malformed` (an unknown field too)
 * or `key-kdf-refused`; `path` is for their sentence.
 */
export function parseKeyDocument(text: string, path: string): KeyDocument | TokenKeyDocument {
  const malformed = (what: string) => new Fault('key-file-malformed', { path, what });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON'); // the parser's own message would quote the file
  }
  const read = <T>({ data, error }: z.ZodSafeParseResult<T>): T => {
    if (error === undefined) return data;
    const { path: field, message } = error.issues[0]!;
    throw malformed(`${field.join('.') || 'the file'}: ${message}`);
  };
  if ((json as { format?: unknown } | null)?.format === tokenKeyFormat) {
    const { role, created, publicKey, uri } = read(tokenShape.safeParse(json));
    return { role, created, publicKey, uri };
  }
  const data = read(documentShape.safeParse(json));
  const { role, created, publicKey, kdf, nonce, ciphertext } = data;
  const { n, r, p, salt } = kdf;
  if (publicKey.length !== publicKeySizeBytes(role))
    throw malformed(`publicKey: a ${role} key has another length`);
  checkScryptCost({ n, r, p }, path);
  return { role, created, publicKey, cost: { n, r, p }, salt, nonce, ciphertext };
}
