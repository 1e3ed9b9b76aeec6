// Entry bundles (c2sp.org/tlog-tiles, "Log entries"): each entry with its length, 16 bits, big-endian. The
// entries of this ledger are salted hashes of 32 bytes, so that a file shows how many there are and no more.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { hashSizeBytes } from './tree.ts';

const recordSizeBytes = 2 + hashSizeBytes;

export function encodeEntryBundle(leaves: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(leaves.length * recordSizeBytes);
  for (const [i, leaf] of leaves.entries()) {
    bytes[i * recordSizeBytes + 1] = hashSizeBytes;
    bytes.set(leaf, i * recordSizeBytes + 2);
  }
  return bytes;
}

/**
 * The first `count` entries. Throws `ledger-file-missing` for a file that is cut, `ledger-entry-wrong` else.
 */
export function decodeEntryBundle(bytes: Uint8Array, count: number, file: string): Uint8Array[] {
  if (bytes.length < count * recordSizeBytes) throw new Fault('ledger-file-missing', { file });
  return Array.from({ length: count }, (_, i) => {
    const at = i * recordSizeBytes;
    if (bytes[at] !== 0 || bytes[at + 1] !== hashSizeBytes)
      throw new Fault('ledger-entry-wrong', { what: file, problem: `record ${i} is not 32 bytes long` });
    return bytes.subarray(at + 2, at + recordSizeBytes);
  });
}
