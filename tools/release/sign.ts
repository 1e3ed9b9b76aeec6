// What stands beside the files of a release: their SHA-256, a statement of how they were made (in-toto
// Statement v1 with SLSA provenance v1, in a DSSE envelope), and Ed25519 signatures that OpenSSL verifies.
// The maintainers' key is a PEM file; its passphrase comes from a file, as everywhere in firmseal.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface ReleaseFile {
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export const releaseFile = (path: string): ReleaseFile => ({
  name: basename(path),
  sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
});

/** As `sha256sum` writes and checks it. */
export const checksums = (files: readonly ReleaseFile[]): string =>
  files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');

export interface ReleaseKey {
  readonly privateKey: KeyObject;
  /** PEM, SubjectPublicKeyInfo. */
  readonly publicPem: string;
  /** SHA-256 of the DER form of the public key, hexadecimal. */
  readonly id: string;
}

/** Throws when the file holds no Ed25519 private key, or the passphrase is another. */
export function readReleaseKey(path: string, passphraseFile?: string): ReleaseKey {
  const passphrase = passphraseFile && readFileSync(passphraseFile, 'utf8').replace(/\r?\n$/, '');
  const key = { key: readFileSync(path), ...(passphrase ? { passphrase } : {}) };
  const privateKey = createPrivateKey(key);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${path} holds no Ed25519 key`);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    privateKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    id: createHash('sha256').update(der).digest('hex'),
  };
}

/** The 64 bytes of the signature over the bytes themselves. */
export const signBytes = ({ privateKey }: ReleaseKey, bytes: Uint8Array): Buffer =>
  sign(null, bytes, privateKey);

export interface Origin {
  /** Full name of the commit that was built. */
  readonly commit: string;
  readonly lockfileSha256: string;
  readonly nodeVersion: string;
  /** Archives that are fetched besides npm's: name and SHA-256. */
  readonly sources: readonly ReleaseFile[];
}

const payloadType = 'application/vnd.in-toto+json';

/** slsa.dev/provenance/v1: which files, of which source, by which task. */
export function provenance(files: readonly ReleaseFile[], origin: Origin): string {
  const { commit, lockfileSha256, nodeVersion, sources } = origin;
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:firmseal:release:1',
        externalParameters: { task: 'npm run release' },
        internalParameters: { node: nodeVersion },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockfileSha256 } },
          ...sources.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
        ],
      },
      runDetails: { builder: { id: 'urn:firmseal:maintainer' } },
    },
  });
}

/** DSSE, version 1: what is signed is the pre-authentication encoding of type and payload. */
export function envelope(key: ReleaseKey, payload: string): string {
  const bytes = Buffer.from(payload);
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `;
  const sig = signBytes(key, Buffer.concat([Buffer.from(head), bytes])).toString('base64');
  const signed = { payloadType, payload: bytes.toString('base64'), signatures: [{ keyid: key.id, sig }] };
  return `${JSON.stringify(signed, null, 2)}\n`;
}
