// Records of identities that the log tells of: one for each chip of a site.

import { type Bytes, toHex } from '@firmseal/bytes';
import { ByteColumn, type HashSeed, KeyedRows, NumberColumn } from './keyed-rows.ts';
import { digestSizeBytes } from './logged-job.ts';

export class LoggedIdentities {
  /** By the digest of the record. */
  readonly #rows: KeyedRows;
  readonly #devices = new ByteColumn(digestSizeBytes);
  readonly #productNumbers = new Map<string, number>();
  readonly #products: string[] = [];
  readonly #product = new NumberColumn();
  /** 1: the evidence has shown it. */
  readonly #met = new NumberColumn();

  constructor(seed: HashSeed) {
    this.#rows = new KeyedRows(seed, digestSizeBytes);
  }

  /** False where there is one with this digest. */
  add(digest: Uint8Array, { product, thumbprint }: { product: string; thumbprint: Uint8Array }): boolean {
    const row = this.#rows.add(digest);
    if (row < 0) return false;
    let number = this.#productNumbers.get(product);
    if (number === undefined) {
      number = this.#products.push(product) - 1;
      this.#productNumbers.set(product, number);
    }
    this.#product.set(row, number);
    this.#devices.push(thumbprint);
    return true;
  }

  /** What the log says that the record is about, and whether it was asked for before. */
  meet(digest: Uint8Array): { product: string; thumbprint: Bytes; again: boolean } | undefined {
    const row = this.#rows.find(digest);
    if (row < 0) return undefined;
    const again = this.#met.get(row) === 1;
    this.#met.set(row, 1);
    return { product: this.#products[this.#product.get(row)]!, thumbprint: this.#devices.at(row), again };
  }

  /** Digests of those that were not asked for, hexadecimal. */
  *unmet(): Generator<string> {
    for (let row = 0; row < this.#rows.size; row++)
      if (this.#met.get(row) === 0) yield toHex(this.#rows.keyAt(row));
  }
}
