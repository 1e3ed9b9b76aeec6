// A folder of receipt files (spec/receipt.md section 5), one for each chip and package: a newer receipt for
// the same package takes the place of an older one.

import { join } from 'node:path';
import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeWholeFile } from '@firmseal/files';
import { encodeReceiptFile, type ReceiptFile } from '@firmseal/license';
import { openOutputFolder } from './output-folder.ts';

export interface ReceiptFolder {
  /** `thumbprint`: of the chip, hexadecimal. Throws what writing a file throws. */
  keep(thumbprint: string, objects: Omit<ReceiptFile, 'deviceCaDelegation'>): void;
}

const nameOf = (thumbprint: string, header: Bytes): string =>
  `${thumbprint}-${toHex(nodeCrypto.sha256(header)).slice(0, 16)}.receipt`;

/**
 * Makes the folder where it is missing; undefined without a path. Throws what writing a file there
 * would throw, so that nothing begins whose receipts could not be kept.
 */
export function openReceiptFolder(
  folder: string | undefined,
  deviceCaDelegation: Bytes,
): ReceiptFolder | undefined {
  if (folder === undefined) return undefined;
  openOutputFolder(folder, 'any.receipt');
  return {
    keep: (thumbprint, objects) => {
      const file = join(folder, nameOf(thumbprint, objects.header));
      writeWholeFile(file, [encodeReceiptFile({ ...objects, deviceCaDelegation })]);
    },
  };
}
