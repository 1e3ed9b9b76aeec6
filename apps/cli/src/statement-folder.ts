// A folder of outcome files (spec/station.md section 7), one for each chip and content, beside the receipts:
// a newer statement for the same content takes the place of an older one.

import { join } from 'node:path';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeWholeFile } from '@firmseal/files';
import { encodeOutcomeFile, type OutcomeFile, readOutcomeUnverified } from '@firmseal/station';
import { openOutputFolder } from './output-folder.ts';

export interface StatementFolder {
  /** `holder`: of the unit, hexadecimal. Throws what writing a file throws. */
  keep(holder: string, file: OutcomeFile): void;
}

/** As openReceiptFolder. */
export function openStatementFolder(folder: string | undefined): StatementFolder | undefined {
  if (folder === undefined) return undefined;
  openOutputFolder(folder, 'any.outcome');
  return {
    keep: (holder, file) => {
      const { contentDigest } = readOutcomeUnverified(file.statement);
      const name = `${holder}-${toHex(nodeCrypto.sha256(contentDigest)).slice(0, 16)}.outcome`;
      writeWholeFile(join(folder, name), [encodeOutcomeFile(file)]);
    },
  };
}
