// The tree of a ledger, computed again from its files: every entry, every tile of every level,
// and the root. Of a tile, the entries and the opened entries it looks which one disagrees with
// the others, and names that file.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  decodeEntryBundle,
  GrowingTree,
  hashSizeBytes,
  type LedgerFiles,
  leafHash,
  OpenedFile,
  openedPath,
  rootOfHashes,
  type SealedEntry,
  TileTree,
  type TreeHead,
  tilePath,
  tileWidth,
  treeLeaf,
  widthOf,
} from '@firmseal/ledger';

export interface TreeAuditOptions {
  /**
   * Told of each opened entry in order, whose bytes are others after it; without it the opened files are not
   * read.
   */
  readonly onOpened?: (sequence: number, sealed: SealedEntry, leaf: Uint8Array) => void;
  /** Told after each tile how many entries were looked at. Waited for. */
  readonly onTile?: (entries: number) => Promise<void> | undefined;
  readonly report: (code: 'ledger-file-wrong' | 'ledger-root-wrong', subject: string, detail: string) => void;
}

/** Faults of files are reported; thrown is only what reading itself throws. */
export async function auditTree(
  crypto: Crypto,
  files: LedgerFiles,
  head: TreeHead,
  options: TreeAuditOptions,
): Promise<void> {
  await new TreeAudit(crypto, files, head, options).run();
}

const roomStepBytes = 1 << 16;

/** What one source says the leaves of a tile are; undefined for a file that cannot be read. */
type Leaves = readonly Uint8Array[] | undefined;

class TreeAudit {
  readonly #crypto: Crypto;
  readonly #files: LedgerFiles;
  readonly #head: TreeHead;
  readonly #options: TreeAuditOptions;
  readonly #tiles: TileTree;
  readonly #tree: GrowingTree;
  /** Where each opened file is read into: what is told of it is looked at before the next one. */
  #room: Bytes = new Uint8Array(0);
  /** Above the leaves: hashes of the tile of each level that is not full yet, and its number. */
  readonly #rows: { number: number; hashes: Uint8Array[] }[] = [];

  constructor(crypto: Crypto, files: LedgerFiles, head: TreeHead, options: TreeAuditOptions) {
    this.#crypto = crypto;
    this.#files = files;
    this.#head = head;
    this.#options = options;
    this.#tiles = new TileTree(crypto, files, head.size);
    this.#tree = new GrowingTree(crypto);
  }

  async run(): Promise<void> {
    const { size, root } = this.#head;
    for (let number = 0; widthOf(size, 0, number) > 0; number++) {
      const hashes = await this.#leavesOf(number);
      if (hashes === undefined) return; // no source of them is left, which was reported: there is no root
      if (hashes.length < tileWidth) for (const hash of hashes) this.#tree.add(hash);
      else await this.#addTile(hashes);
      await this.#options.onTile?.(Math.min(size, (number + 1) * tileWidth));
    }
    for (const [i, row] of this.#rows.entries()) if (row.hashes.length > 0) await this.#compare(i + 1);
    if (!equalBytes(this.#tree.root(), root))
      this.#options.report(
        'ledger-root-wrong',
        `the tree of ${size} entries`,
        'the checkpoint has another root',
      );
  }

  async #addTile(hashes: readonly Uint8Array[]): Promise<void> {
    let root = rootOfHashes(this.#crypto, hashes);
    this.#tree.add(root, tileWidth);
    for (let level = 1; ; level++) {
      this.#rows[level - 1] ??= { number: 0, hashes: [] };
      const row = this.#rows[level - 1]!;
      row.hashes.push(root);
      if (row.hashes.length < tileWidth) return;
      await this.#compare(level);
      root = rootOfHashes(this.#crypto, row.hashes);
      this.#rows[level - 1] = { number: row.number + 1, hashes: [] };
    }
  }

  /** The tile of a level above the leaves against the hashes that the level below gives. */
  async #compare(level: number): Promise<void> {
    const { number, hashes } = this.#rows[level - 1]!;
    const path = tilePath(level, number, hashes.length);
    const found = await this.#attempt(path, async () => hashesIn(await this.#tiles.tile(level, number)));
    if (found !== undefined && !sameHashes(found, hashes))
      this.#wrong(path, 'the level below has other hashes');
  }

  /** Hashes of the leaves of one tile, by what most of its sources say. */
  async #leavesOf(number: number): Promise<Leaves> {
    const width = widthOf(this.#head.size, 0, number);
    const [path, entriesPath] = [tilePath(0, number, width), tilePath('entries', number, width)];
    const tile = await this.#attempt(path, async () => hashesIn(await this.#tiles.tile(0, number)));
    const entries = await this.#attempt(entriesPath, async () =>
      decodeEntryBundle(await this.#tiles.tile('entries', number), width, entriesPath),
    );
    const opened = await this.#openedOf(number, width);
    const fromEntries = entries?.map((leaf) => treeLeaf(this.#crypto, leaf));
    // Where the opened entries are those of the bundle, their hashes are the same and are not computed again.
    const sameEntries = entries !== undefined && opened !== undefined && sameHashes(entries, opened);
    const fromOpened = sameEntries ? fromEntries : opened?.map((leaf) => treeLeaf(this.#crypto, leaf));
    const sources: [string, Leaves][] = [
      [path, tile],
      [entriesPath, fromEntries],
      ...(this.#options.onOpened ? [[openedPath(number), fromOpened] as [string, Leaves]] : []),
    ];
    return this.#judge(sources, number);
  }

  #judge(sources: readonly [string, Leaves][], number: number): Leaves {
    const known = sources.filter(
      (source): source is [string, readonly Uint8Array[]] => source[1] !== undefined,
    );
    const agreeing = known.map(([, leaves]) => known.filter(([, other]) => sameHashes(leaves, other)).length);
    const most = Math.max(0, ...agreeing);
    if (most === known.length) return known[0]?.[1];
    if (most * 2 <= known.length) {
      const names = known.map(([path]) => path).join(' and ');
      this.#wrong(names, 'they do not agree with each other');
      return known[0]?.[1];
    }
    const believed = known[agreeing.indexOf(most)]![1];
    for (const [i, [path, leaves]] of known.entries()) {
      if (agreeing[i] === most) continue;
      const at = leaves.findIndex((leaf, index) => !sameBytes(leaf, believed[index]));
      this.#wrong(path, `entry ${number * tileWidth + at} is another one than in the other files`);
    }
    return believed;
  }

  /** Salted hashes of the opened entries of a tile. */
  async #openedOf(number: number, width: number): Promise<Leaves> {
    const { onOpened } = this.#options;
    if (onOpened === undefined) return undefined;
    const path = openedPath(number);
    return this.#attempt(path, async () => {
      const bytes = await this.#files.read(path, this.#room);
      if (bytes === undefined) throw new Fault('ledger-file-missing', { file: path });
      if (bytes.length >= this.#room.length) this.#room = new Uint8Array(bytes.length + roomStepBytes);
      const opened = new OpenedFile(bytes, width, path);
      const leaves: Uint8Array[] = [];
      for (let i = 0; i < width; i++) {
        const sealed = opened.sealedAt(i);
        const leaf = leafHash(this.#crypto, sealed.salt, sealed.entry);
        onOpened(number * tileWidth + i, sealed, leaf);
        leaves.push(leaf);
      }
      return leaves;
    });
  }

  async #attempt(path: string, read: () => Promise<readonly Uint8Array[]>): Promise<Leaves> {
    try {
      return await read();
    } catch (cause) {
      const isOfFile =
        cause instanceof Fault && ['ledger-file-missing', 'ledger-entry-wrong'].includes(cause.code);
      if (!isOfFile) throw cause;
      this.#wrong(path, cause.message);
      return undefined;
    }
  }

  #wrong(subject: string, detail: string): void {
    this.#options.report('ledger-file-wrong', subject, detail);
  }
}

const hashesIn = (tile: Uint8Array): Uint8Array[] =>
  Array.from({ length: tile.length / hashSizeBytes }, (_, i) =>
    tile.subarray(i * hashSizeBytes, (i + 1) * hashSizeBytes),
  );

const sameBytes = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && equalBytes(one, other);

const sameHashes = (one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean =>
  one === other || (one.length === other.length && one.every((hash, i) => sameBytes(hash, other[i])));
