// A released line: line file, packages, tokens, licenses and trust anchors in one file that
// the owner's package signer has signed. spec/line-archive.md. Whoever runs it can change
// nothing in it without being noticed.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  arrayOf,
  byteString,
  type CoseSigner,
  decodeCbor,
  encodeCbor,
  integer,
  oneOf,
  signCoseWith,
  textString,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type SignedKind, verifyAuthority, verifySigned } from '@firmseal/formats';

const magic = 'firmseal line 1';
/** Of the whole file. */
export const lineArchiveMaxBytes = 256 * 1024 * 1024;
const mostParts = 256;
const mostFolderFiles = 100_000;

const listKind: SignedKind = {
  typ: 'application/firmseal-line',
  payloadMaxBytes: 32_768,
  malformed: 'line-archive-malformed',
  invalid: 'line-archive-signature-invalid',
};

/** Letters, digits and a few signs, in folders; a part that ends in `/` is a folder of small files. */
const name = textString(1, 128, /^[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*\/?$/);
const fileName = textString(1, 128, /^[A-Za-z0-9][A-Za-z0-9_.-]*$/);
const digest = byteString(32);
const part = byteString(0, lineArchiveMaxBytes);
const outer = tuple(oneOf(magic), byteString(1, 1024), byteString(1, 65_536), arrayOf(part, 1, mostParts));
const list = arrayOf(tuple(name, integer(0, lineArchiveMaxBytes), digest), 1, mostParts);
const folder = arrayOf(tuple(fileName, byteString(1, 65_536)), 0, mostFolderFiles);

/** Contents by path; a folder is one path that ends in `/` with its files. */
export interface LineArchiveParts {
  readonly files: ReadonlyMap<string, Bytes>;
  readonly folders: ReadonlyMap<string, ReadonlyMap<string, Bytes>>;
}

export interface OpenedLineArchive extends LineArchiveParts {
  readonly product: string;
  /** Of who signed it, 65 bytes. */
  readonly signerKey: Bytes;
}

const opening = encodeCbor([magic, 0, 0, 0]).subarray(0, 2 + magic.length);

/** Whether a file begins as a released line does. */
export const isLineArchive = (file: Uint8Array): boolean =>
  equalBytes(file.subarray(0, opening.length), opening);

/** Signs and assembles. `delegation`: of the signer, by the root. */
export async function makeLineArchive(
  crypto: Crypto,
  parts: LineArchiveParts,
  { signer, delegation }: { signer: CoseSigner; delegation: Bytes },
): Promise<Bytes> {
  const folders = [...parts.folders].map(([path, files]): [string, Bytes] => [path, encodeCbor([...files])]);
  const contents: [string, Bytes][] = [...parts.files, ...folders];
  const payload = encodeCbor(contents.map(([path, bytes]) => [path, bytes.length, crypto.sha256(bytes)]));
  const signed = await signCoseWith(crypto, { signer, typ: listKind.typ, payload });
  return encodeCbor([magic, delegation, signed, contents.map(([, bytes]) => bytes)]);
}

/**
 * Delegation, signature, then every part against its digest, before any part is looked at. Throws the faults
 * of verifyAuthority, `line-archive-malformed`, `line-archive-signature-invalid`, `line-archive-altered`.
 */
export function openLineArchive(
  crypto: Crypto,
  bytes: Uint8Array,
  { rootPublicKey, file }: { rootPublicKey: Uint8Array; file: string },
): OpenedLineArchive {
  const malformed = <T>(problem: string, read: () => T): T => {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof Fault && cause.code === listKind.invalid) throw cause;
      throw new Fault('line-archive-malformed', { file, problem }, { cause });
    }
  };
  const [, delegation, signed, contents] = malformed('it cannot be read', () =>
    outer(decodeCbor(bytes, { maxBytes: lineArchiveMaxBytes }), 'released line'),
  );
  const { delegate } = verifyAuthority(crypto, { delegation }, { rootPublicKey, role: 'package-signer' });
  const { payload } = malformed('its signature cannot be read', () =>
    verifySigned(crypto, signed, { kind: listKind, publicKey: delegate.publicKey }),
  );
  const parts = malformed('its list cannot be read', () =>
    list(decodeCbor(payload, { maxBytes: listKind.payloadMaxBytes }), 'list of parts'),
  );
  if (parts.length !== contents.length)
    throw new Fault('line-archive-altered', { part: `${contents.length} of ${parts.length}` });
  const files = new Map<string, Bytes>();
  const folders = new Map<string, ReadonlyMap<string, Bytes>>();
  for (const [index, [path, lengthBytes, sha256]] of parts.entries()) {
    const content = contents[index]!;
    if (content.length !== lengthBytes || !equalBytes(crypto.sha256(content), sha256))
      throw new Fault('line-archive-altered', { part: path });
    if (!path.endsWith('/')) files.set(path, content);
    else
      folders.set(
        path,
        malformed(
          'a folder of it cannot be read',
          () => new Map(folder(decodeCbor(content, { maxBytes: lineArchiveMaxBytes }), 'folder')),
        ),
      );
  }
  return { files, folders, product: delegate.product, signerKey: delegate.publicKey };
}
