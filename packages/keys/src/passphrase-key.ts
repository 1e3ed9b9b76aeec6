// From a passphrase to the key that encrypts a key file: scrypt (RFC 7914) by node:crypto. Parameters come
// from a file that an attacker may have written, so they are bounded before any memory is asked for.

import { scrypt } from 'node:crypto';
import type { Bytes, Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** RFC 7914: memory is 128 * n * r bytes, time in proportion to n * r * p. */
export type ScryptCost = { readonly n: number; readonly r: number; readonly p: number };

/** 128 MiB and about a third of a second. */
export const defaultScryptCost: ScryptCost = { n: 2 ** 17, r: 8, p: 1 };

const memoryBytesAtMost = 512 * 2 ** 20;
const blockSizeAtMost = 32;
const lanesAtMost = 4;

const isWithin = (value: number, least: number, most: number) =>
  Number.isSafeInteger(value) && value >= least && value <= most;

/**
 * Throws `key-kdf-refused` when the cost is no valid one or exceeds 512 MiB. `what` names who asks for it.
 */
export function checkScryptCost({ n, r, p }: ScryptCost, what: string): void {
  // With n within 2^24 and r within 32 the product is exact.
  const valid =
    isWithin(n, 2, 2 ** 24) &&
    Number.isInteger(Math.log2(n)) &&
    isWithin(r, 1, blockSizeAtMost) &&
    isWithin(p, 1, lanesAtMost) &&
    128 * n * r <= memoryBytesAtMost;
  if (!valid) throw new Fault('key-kdf-refused', { what, n, r, p });
}

/** 32 bytes. The cost has passed checkScryptCost. Runs on a thread of its own: a server goes on answering. */
export function passphraseKey(inputs: {
  passphrase: Secret;
  salt: Uint8Array;
  cost: ScryptCost;
}): Promise<Bytes> {
  const { n, r, p } = inputs.cost;
  // OpenSSL counts its own blocks too: 128 * r * (n + p + 2).
  const options = { N: n, r, p, maxmem: 128 * r * (n + p + 2) + 1024 };
  return new Promise((resolve, reject) => {
    scrypt(inputs.passphrase.expose(), inputs.salt, 32, options, (error, key) => {
      if (error) reject(error);
      else resolve(new Uint8Array(key.buffer as ArrayBuffer, key.byteOffset, key.length));
    });
  });
}
