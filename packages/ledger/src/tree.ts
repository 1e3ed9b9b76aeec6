// The Merkle tree of RFC 6962 section 2.1 with SHA-256: hashes of leaves and nodes, and a tree that is only
// ever appended to, of which no more is kept than its right edge.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

export type Hashing = Pick<Crypto, 'sha256'>;

export const hashSizeBytes = 32;

/** Hash of a leaf: SHA-256(0x00 || data). */
export function treeLeaf(crypto: Hashing, data: Uint8Array): Bytes {
  const input = data.length === hashSizeBytes ? leafInput : new Uint8Array(1 + data.length);
  input.set(data, 1); // one buffer for all entries of a ledger: sha256 keeps no argument
  return crypto.sha256(input);
}

const leafInput = new Uint8Array(1 + hashSizeBytes);

const nodeInput = new Uint8Array(1 + 2 * hashSizeBytes);
nodeInput[0] = 1;

/** Hash of a node: SHA-256(0x01 || left || right). */
export function treeNode(crypto: Hashing, left: Uint8Array, right: Uint8Array): Bytes {
  nodeInput.set(left, 1); // one buffer for all: sha256 keeps no argument
  nodeInput.set(right, 1 + hashSizeBytes);
  return crypto.sha256(nodeInput);
}

/** The largest power of two below a count of 2 or more. Counts go beyond 32 bits. */
export function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Root of the tree over these hashes; that of the empty tree is SHA-256 of nothing. */
export function rootOfHashes(crypto: Hashing, hashes: readonly Uint8Array[]): Bytes {
  const tree = new GrowingTree(crypto);
  for (const hash of hashes) tree.add(hash);
  return tree.root();
}

/** A tree that hashes are added to, by the subtrees that are complete. */
export class GrowingTree {
  readonly #crypto: Hashing;
  /** Complete subtrees from the largest to the smallest. */
  readonly #complete: { readonly size: number; readonly hash: Uint8Array }[] = [];
  #size = 0;

  constructor(crypto: Hashing) {
    this.#crypto = crypto;
  }

  get size(): number {
    return this.#size;
  }

  /** `hash`: of the next leaf, or of the next complete subtree of `leaves` leaves (a power of two). */
  add(hash: Uint8Array, leaves = 1): void {
    let subtree = { size: leaves, hash };
    this.#size += leaves;
    for (;;) {
      const left = this.#complete.at(-1);
      if (left?.size !== subtree.size) break;
      this.#complete.pop();
      subtree = { size: 2 * left.size, hash: treeNode(this.#crypto, left.hash, subtree.hash) };
    }
    this.#complete.push(subtree);
  }

  root(): Bytes {
    const last = this.#complete.at(-1);
    if (last === undefined) return this.#crypto.sha256(new Uint8Array(0));
    let hash: Uint8Array = last.hash;
    for (let i = this.#complete.length - 2; i >= 0; i--)
      hash = treeNode(this.#crypto, this.#complete[i]!.hash, hash);
    return hash as Bytes;
  }
}
