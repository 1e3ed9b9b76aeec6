// Receipts of a line without a connection: files in a folder until somebody, or the line itself, brings them
// to the authority. Bringing one twice changes nothing there.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, toHex } from '@firmseal/bytes';
import { writeWholeFile } from '@firmseal/files';
import { encodeReceiptFile, parseReceiptUnverified, readReceiptFile } from '@firmseal/license';
import type { LineAuthority, ReceiptDelivery } from '@firmseal/programmer';
import { readInput } from '../files.ts';
import { openOutputFolder } from '../output-folder.ts';

const ending = '.receipt';

export class Outbox {
  readonly #folder: string;

  /** Makes the folder where it is missing. Throws what writing a file there would throw. */
  constructor(folder: string) {
    this.#folder = folder;
    openOutputFolder(folder, `any${ending}`);
  }

  get waiting(): readonly string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).filter((name) => name.endsWith(ending));
  }

  /** On the disk when this returns. */
  keep(
    { licenseId, receipt, challenge, certificate }: ReceiptDelivery,
    { header, deviceCaDelegation }: { header: Bytes; deviceCaDelegation: Bytes },
  ): void {
    const file = encodeReceiptFile({
      ...{ deviceCaDelegation, certificate, header, receipt, challenge },
      keptAtSeconds: Math.floor(Date.now() / 1000),
    });
    writeWholeFile(join(this.#folder, `${toHex(licenseId)}${ending}`), [file]);
  }

  /** Brings all of them, and gives the number that arrived. Rejects with the first fault; the rest stay. */
  async deliver(authority: Pick<LineAuthority, 'storeReceipt'>): Promise<number> {
    let delivered = 0;
    for (const name of this.waiting) {
      const path = join(this.#folder, name);
      const { receipt, challenge, certificate } = readReceiptFile(readInput(path));
      const { licenseId } = parseReceiptUnverified(receipt);
      await authority.storeReceipt({ licenseId, receipt, challenge, certificate });
      rmSync(path);
      delivered++;
    }
    return delivered;
  }
}
