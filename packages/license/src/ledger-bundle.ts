// A bundle: receipt file and the proofs that the license and the receipt stand in the ledger, in one file
// that a stranger verifies with public keys alone. spec/ledger.md section 7.

import type { Bytes } from '@firmseal/bytes';
import { byteString, encodeCbor, oneOf, tuple } from '@firmseal/cbor-cose';
import { readItem, readValue } from '@firmseal/formats';
import { ledgerProofSizeBytesAtMost } from '@firmseal/ledger';
import { receiptFileMaxBytes } from './receipt-file.ts';

export interface LedgerBundle {
  /** spec/receipt.md section 5. */
  readonly receiptFile: Bytes;
  /** Texts of proofs (spec/ledger.md section 6) in UTF-8. */
  readonly licenseProof: Bytes;
  readonly receiptProof: Bytes;
}

const magic = 'firmseal bundle 1';
const shape = tuple(
  oneOf(magic),
  byteString(1, receiptFileMaxBytes),
  byteString(1, ledgerProofSizeBytesAtMost),
  byteString(1, ledgerProofSizeBytesAtMost),
);
export const ledgerBundleMaxBytes = receiptFileMaxBytes + 2 * ledgerProofSizeBytesAtMost + 64;

export const encodeLedgerBundle = ({ receiptFile, licenseProof, receiptProof }: LedgerBundle): Bytes =>
  encodeCbor([magic, receiptFile, licenseProof, receiptProof]);

/** Throws `ledger-bundle-malformed`. Nothing in it is verified yet. */
export function readLedgerBundle(bytes: Uint8Array): LedgerBundle {
  const value = readItem(bytes, 'ledger-bundle-malformed');
  const [, receiptFile, licenseProof, receiptProof] = readValue(
    value,
    'ledger-bundle-malformed',
    'bundle',
    shape,
  );
  return { receiptFile, licenseProof, receiptProof };
}
