// Verifying inclusion and consistency (RFC 9162 sections 2.1.3.2 and 2.1.4.2, which check what RFC 6962
// proves). Proofs come from whoever keeps the ledger: nothing of them is believed before a root was reached.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import { type Hashing, hashSizeBytes, treeNode } from './tree.ts';

/** A tree as a checkpoint names it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Bytes;
}

/** A path has one hash a level, and sizes are below 2^53. */
export const proofHashesAtMost = 63;

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isWellFormed = (proof: readonly Uint8Array[]): boolean =>
  proof.length <= proofHashesAtMost && proof.every((hash) => hash.length === hashSizeBytes);

/** Whether the tree has the leaf with this hash at this index. */
export function verifyInclusion(
  crypto: Hashing,
  inputs: { leaf: Uint8Array; index: number; proof: readonly Uint8Array[]; head: TreeHead },
): boolean {
  const { leaf, index, proof, head } = inputs;
  if (!Number.isSafeInteger(index) || index < 0 || index >= head.size || !isWellFormed(proof)) return false;
  let [node, last] = [index, head.size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = treeNode(crypto, sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = treeNode(crypto, hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(hash, head.root);
}

/** Whether the later tree begins with every leaf of the earlier one. */
export function verifyConsistency(
  crypto: Hashing,
  inputs: { from: TreeHead; to: TreeHead; proof: readonly Uint8Array[] },
): boolean {
  const { from, to, proof } = inputs;
  if (!isWellFormed(proof) || from.size > to.size || from.size < 0) return false;
  if (from.size === to.size) return proof.length === 0 && equalBytes(from.root, to.root);
  if (from.size === 0) return proof.length === 0;
  let [node, last] = [from.size - 1, to.size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // An earlier tree that is one complete subtree is not repeated in the proof.
  const rest = node === 0 ? proof : proof.slice(1);
  const first = node === 0 ? from.root : proof[0];
  if (first === undefined) return false;
  let [earlier, later]: [Uint8Array, Uint8Array] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      earlier = treeNode(crypto, sibling, earlier);
      later = treeNode(crypto, sibling, later);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      later = treeNode(crypto, later, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(earlier, from.root) && equalBytes(later, to.root);
}
