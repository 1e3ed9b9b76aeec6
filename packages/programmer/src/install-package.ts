// A package as the engine sends it: header, records by index, and what people are shown of it. Verified as a
// whole before the first chip sees it. spec/package.md.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { GrownTrust } from '@firmseal/formats';
import { iterateRecords, type Manifest, splitPackage, verifyHeader, verifyRecords } from '@firmseal/seal';

export interface InstallPackage {
  readonly manifest: Manifest;
  /** Root, product and epoch as the package leaves them: licenses for it are verified with it. */
  readonly trust: GrownTrust;
  /** As it stands in the file; the body of the package request. */
  readonly headerBytes: Bytes;
  readonly recordCount: number;
  /** The record of an index, 0 to recordCount - 1: a view into the file. */
  readonly recordAt: (index: number) => Uint8Array;
  /** Length of the records before an index. */
  readonly bytesBefore: (index: number) => number;
}

export interface PackageTrust {
  /** SEC 1 uncompressed, 65 bytes. */
  readonly rootPublicKey: Uint8Array;
  readonly product?: string;
  readonly epoch?: number;
}

/**
 * Checks header, signatures, hashes and lengths (steps 1 to 6, and 12 without the key); throws their faults.
 */
export function readInstallPackage(crypto: Crypto, file: Uint8Array, trust: PackageTrust): InstallPackage {
  const { header, headerBytes, recordsOffset } = splitPackage(file);
  const { manifest, trust: grown } = verifyHeader(crypto, header, trust);
  verifyRecords(crypto, file, recordsOffset, manifest);
  const records = Array.from(iterateRecords(file, recordsOffset, manifest.core), ({ bytes }) => bytes);
  const starts = [0];
  for (const record of records) starts.push(starts.at(-1)! + record.length);
  return {
    manifest,
    trust: grown,
    headerBytes,
    recordCount: records.length,
    recordAt: (index) => records[index]!,
    bytesBefore: (index) => starts[index]!,
  };
}
