// Tiles of a ledger (c2sp.org/tlog-tiles): where each hash of the tree stands in static files, and every
// proof computed from them. Tiles are not believed: a proof is verified against a signed root by its user.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { GrowingTree, type Hashing, hashSizeBytes, rootOfHashes, splitOf } from './tree.ts';

export const tileWidth = 256;
/** 256^7 is above 2^53. */
const tileLevelsAtMost = 7;

/** `001`, `x001/x234/067`: three digits an element (tlog-tiles, "Merkle Tree"). */
export function tileNumberPath(number: number): string {
  let path = String(number % 1000).padStart(3, '0');
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000))
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  return path;
}

/** Path under the prefix of the ledger; a tile of fewer than 256 hashes has its width in its name. */
export const tilePath = (level: number | 'entries', number: number, width: number = tileWidth): string =>
  `tile/${level}/${tileNumberPath(number)}${width < tileWidth ? `.p/${width}` : ''}`;

/** Hashes of level-0 tiles are of leaves, those of level l of 256^l leaves: how many of them a tree has. */
export const rowSize = (size: number, level: number): number => Math.floor(size / tileWidth ** level);

/** How many hashes tile `number` of a level has in a tree of this size; 0 when the tree has no such tile. */
export const widthOf = (size: number, level: number, number: number): number =>
  Math.max(0, Math.min(tileWidth, rowSize(size, level) - number * tileWidth));

/** Every tile that a tree of this size has and one of `from` had not, or had narrower. */
export function* tilesOf(
  size: number,
  from = 0,
): Generator<{ level: number; number: number; width: number }> {
  for (let level = 0; level < tileLevelsAtMost && rowSize(size, level) > 0; level++) {
    if (rowSize(size, level) === rowSize(from, level)) continue;
    const first = Math.floor(rowSize(from, level) / tileWidth);
    for (let number = first; widthOf(size, level, number) > 0; number++)
      yield { level, number, width: widthOf(size, level, number) };
  }
}

/** Where the files of a ledger are: a folder, a web server. Undefined: there is no such file. */
export interface LedgerFiles {
  /**
   * `into`: memory that is not needed any more. The file may be given as a part of it, or in memory of its
   * own.
   */
  read(path: string, into?: Bytes): Promise<Uint8Array | undefined>;
}

/** Files of at most this size are read: a full bundle of opened entries is the largest. */
export const ledgerFileSizeBytesAtMost = 8 << 20;

/** Reads hashes of one tree from its tiles; keeps the last few tiles. */
export class TileTree {
  readonly #crypto: Hashing;
  readonly #files: LedgerFiles;
  readonly size: number;
  readonly #kept = new Map<string, Uint8Array>(); // oldest first

  constructor(crypto: Hashing, files: LedgerFiles, size: number) {
    this.#crypto = crypto;
    this.#files = files;
    this.size = size;
  }

  /**
   * The hashes of a tile as this tree has it; a wider file of the same tile serves too, since a ledger may
   * remove narrow ones. Throws `ledger-file-missing`, also for a file that is too short.
   */
  async tile(level: number | 'entries', number: number): Promise<Uint8Array> {
    const row = level === 'entries' ? 0 : level;
    const width = widthOf(this.size, row, number);
    const path = tilePath(level, number, width);
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const found = (await this.#files.read(path)) ?? (await this.#files.read(tilePath(level, number)));
    const due = width * (level === 'entries' ? 0 : hashSizeBytes);
    if (found === undefined || found.length < due) throw new Fault('ledger-file-missing', { file: path });
    const bytes = level === 'entries' ? found : found.subarray(0, due);
    if (this.#kept.size >= 64) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(path, bytes);
    return bytes;
  }

  /** Hash of the complete subtree number `index` of those with 2^height leaves. */
  async #subtree(height: number, index: number): Promise<Bytes> {
    const [level, inTile] = [Math.floor(height / 8), 2 ** (height % 8)];
    const first = index * inTile;
    const number = Math.floor(first / tileWidth);
    const tile = await this.tile(level, number);
    const at = first - number * tileWidth;
    const hashes = Array.from({ length: inTile }, (_, i) =>
      tile.slice((at + i) * hashSizeBytes, (at + i + 1) * hashSizeBytes),
    );
    return rootOfHashes(this.#crypto, hashes);
  }

  /** MTH of the leaves from `first` up to `end`, which RFC 6962 would make a node of. */
  async #range(first: number, end: number): Promise<Bytes> {
    const tree = new GrowingTree(this.#crypto);
    for (let at = first; at < end; ) {
      let [height, leaves] = [0, 1];
      while (at % (leaves * 2) === 0 && at + leaves * 2 <= end) [height, leaves] = [height + 1, leaves * 2];
      tree.add(await this.#subtree(height, at / leaves), leaves);
      at += leaves;
    }
    return tree.root();
  }

  /** Root of the tree with the first `size` leaves. */
  root(size: number = this.size): Promise<Bytes> {
    return this.#range(0, size);
  }

  async leaf(index: number): Promise<Bytes> {
    return this.#subtree(0, index);
  }

  /** PATH(index, D[size]) of RFC 6962 section 2.1.1. */
  async proveInclusion(index: number, size: number = this.size): Promise<Bytes[]> {
    const path: Bytes[] = [];
    for (let [first, end] = [0, size]; end - first > 1; ) {
      const middle = first + splitOf(end - first);
      if (index < middle) {
        path.unshift(await this.#range(middle, end));
        end = middle;
      } else {
        path.unshift(await this.#range(first, middle));
        first = middle;
      }
    }
    return path;
  }

  /** PROOF(from, D[size]) of RFC 6962 section 2.1.2; empty from 0 and from `size`. */
  async proveConsistency(from: number, size: number = this.size): Promise<Bytes[]> {
    if (from === 0 || from === size) return [];
    const path: Bytes[] = [];
    let [first, end] = [0, size];
    while (end !== from) {
      const middle = first + splitOf(end - first);
      if (from <= middle) {
        path.unshift(await this.#range(middle, end));
        end = middle;
      } else {
        path.unshift(await this.#range(first, middle));
        first = middle;
      }
    }
    return first === 0 ? path : [await this.#range(first, end), ...path];
  }
}
