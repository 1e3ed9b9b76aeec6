// Key files: one P-256 or Ed25519 key each, encrypted with a passphrase, or the place of a P-256 key in a
// token, whose PIN the passphrase then is (key-document.ts says both formats). What a key may be used for is
// in key-holder.ts; where a passphrase comes from, in passphrase.ts.

import { type Bytes, equalBytes, Secret, utf8 } from '@firmseal/bytes';
import type { Crypto, Ed25519, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { readBoundedFile, writeWholeFile } from '@firmseal/files';
import {
  associatedData,
  formatKeyDocument,
  formatTokenKeyDocument,
  type KeyDocument,
  type KeyInfo,
  nonceSizeBytes,
  parseKeyDocument,
  saltSizeBytes,
  type TokenKeyDocument,
} from './key-document.ts';
import { expectRole, isEd25519Role, type KeyRole } from './key-role.ts';
import { checkScryptCost, defaultScryptCost, passphraseKey, type ScryptCost } from './passphrase-key.ts';
import type { OpenTokenKey, TokenKey } from './token-key.ts';

const fileSizeBytesAtMost = 4096;

/** Of Ed25519 only what is called for a key of that kind: P-256 keys need no more than Crypto. */
export type KeyCrypto = Crypto & Partial<Ed25519>;

/** A key that was opened. `close()` when it is done with: the private key is wiped, or the token left. */
export type OpenedKey = KeyInfo & {
  readonly holder: Secret | TokenKey;
  close(): void;
};

export interface NewKey {
  readonly role: KeyRole;
  readonly passphrase: Secret;
  /** The time to write into it. */
  readonly now: Date;
  /** A key that exists elsewhere; a new one is made without it. */
  readonly privateKey?: Secret;
  /** For tests. */
  readonly scryptCost?: ScryptCost;
}

/**
 * Makes a key; `file` is the content of its file, for the caller to write with mode 0600. The private key is
 * not returned. Throws `key-private-invalid`, `key-kdf-refused`.
 */
export async function makeKey(crypto: KeyCrypto, inputs: NewKey): Promise<{ info: KeyInfo; file: Bytes }> {
  const { role, passphrase, now } = inputs;
  const cost = inputs.scryptCost ?? defaultScryptCost;
  checkScryptCost(cost, 'The new key');
  const pair = inputs.privateKey
    ? pairOf(crypto, role, inputs.privateKey.expose())
    : isEd25519Role(role)
      ? ed25519Of(crypto).generateEd25519()
      : crypto.generateP256();
  if (pair === undefined) throw new Fault('key-private-invalid');
  const { publicKey, privateKey } = pair;
  const salt = crypto.randomBytes(saltSizeBytes);
  const nonce = crypto.randomBytes(nonceSizeBytes);
  const known = { role, created: now.toISOString(), publicKey, cost, salt };
  const key = await passphraseKey({ passphrase, salt, cost });
  const ciphertext = crypto.aes256GcmSeal({ key, nonce, aad: associatedData(known), plaintext: privateKey });
  key.fill(0);
  privateKey.fill(0);
  const text = formatKeyDocument({ ...known, nonce, ciphertext });
  return { info: { role, created: known.created, publicKey }, file: utf8(text) };
}

/**
 * Makes a key and stores it at `path` (mode 0600, durable on return), never in place of another file. Throws
 * what makeKey does, `key-exists`, and what writeWholeFile does.
 */
export async function createKeyFile(
  crypto: KeyCrypto,
  { path, ...inputs }: NewKey & { readonly path: string },
): Promise<KeyInfo> {
  const { info, file } = await makeKey(crypto, inputs);
  try {
    writeWholeFile(path, [file], { mode: 0o600, existing: 'refuse' });
    return info;
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'file-exists')
      throw new Fault('key-exists', { path }, { cause });
    throw cause;
  }
}

function ed25519Of(crypto: KeyCrypto): Ed25519 {
  const { generateEd25519, ed25519FromPrivate, signEd25519, verifyEd25519 } = crypto;
  if (!generateEd25519 || !ed25519FromPrivate || !signEd25519 || !verifyEd25519)
    throw new Fault('internal-error', { detail: 'an Ed25519 key was met without Ed25519' });
  return { generateEd25519, ed25519FromPrivate, signEd25519, verifyEd25519 };
}

function pairOf(crypto: KeyCrypto, role: KeyRole, privateKey: Uint8Array): KeyPair | undefined {
  return isEd25519Role(role)
    ? ed25519Of(crypto).ed25519FromPrivate(privateKey)
    : crypto.p256FromPrivate(privateKey);
}

/**
 * Role, time and public key of a key file, without its passphrase, and so unproven: a changed file is noticed
 * only by openKeyFile. `uri`: of a key in a token. Throws what readBoundedFile does, `key-file-malformed`,
 * `key-kdf-refused`.
 */
export async function inspectKeyFile(path: string): Promise<KeyInfo & { readonly uri?: string }> {
  const document = readDocument(path);
  const { role, created, publicKey } = document;
  return { role, created, publicKey, ...('uri' in document ? { uri: document.uri } : {}) };
}

/** The content of a file that names a key in a token. */
export const tokenKeyFile = (inputs: {
  role: KeyRole;
  publicKey: Uint8Array;
  uri: string;
  now: Date;
}): Bytes => {
  const { now, ...known } = inputs;
  return utf8(formatTokenKeyDocument({ ...known, created: now.toISOString() }));
};

/**
 * Opens a key file. `role`: the one role it has to have, checked before the passphrase is; `openToken`:
 * how to reach a key in a token. Throws what inspectKeyFile does, `key-role-wrong`, and
 * `key-passphrase-wrong` for a wrong passphrase or a changed file; for a key in a token what
 * OpenTokenKey does, and `token-key-another`.
 */
export async function openKeyFile(
  crypto: KeyCrypto,
  inputs: { path: string; passphrase: Secret; role?: KeyRole; openToken?: OpenTokenKey | undefined },
): Promise<OpenedKey> {
  const { path, passphrase, openToken } = inputs;
  const document = readDocument(path);
  const { role, created, publicKey } = document;
  if (inputs.role) expectRole(role, [inputs.role]);
  if ('uri' in document) {
    const key = await openTokenOf(document, { path, pin: passphrase, openToken });
    return { role, created, publicKey, holder: key, close: () => key.close() };
  }
  const plaintext = await decrypt(crypto, document, passphrase);
  if (!plaintext) throw new Fault('key-passphrase-wrong', { path });
  const privateKey = new Secret(plaintext);
  const pair = pairOf(crypto, role, plaintext);
  pair?.privateKey.fill(0);
  if (!pair || !equalBytes(pair.publicKey, publicKey)) {
    // Only who knows the passphrase can have written this.
    privateKey.wipe();
    throw new Fault('key-file-malformed', {
      path,
      what: 'its private key does not belong to its public key',
    });
  }
  return { role, created, publicKey, holder: privateKey, close: () => privateKey.wipe() };
}

async function openTokenOf(
  { uri, role, publicKey }: TokenKeyDocument,
  { path, pin, openToken }: { path: string; pin: Secret; openToken: OpenTokenKey | undefined },
): Promise<TokenKey> {
  if (!openToken) throw new Fault('key-in-token', { path });
  const key = await openToken({ uri, pin, role });
  if (equalBytes(key.publicKey, publicKey)) return key;
  key.close();
  throw new Fault('token-key-another', { file: path });
}

function readDocument(path: string): KeyDocument | TokenKeyDocument {
  const bytes = readBoundedFile(path, fileSizeBytesAtMost);
  return parseKeyDocument(new TextDecoder().decode(bytes), path);
}

async function decrypt(
  crypto: Crypto,
  document: KeyDocument,
  passphrase: Secret,
): Promise<Bytes | undefined> {
  const { salt, cost, nonce, ciphertext } = document;
  const key = await passphraseKey({ passphrase, salt, cost });
  const aad = associatedData(document);
  const plaintext = crypto.aes256GcmOpen({ key, nonce, aad, sealed: ciphertext });
  key.fill(0);
  return plaintext;
}
