// Tiles of a ledger that grows: which files new leaves make or widen. What a killed run left beyond the last
// checkpoint is written again; nobody was told of it, so that it may also be of a log that was refused since.

import { concatBytes, equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';
import { encodeOpened, type OpenedEntry, openedPath } from './opened.ts';
import { type LedgerFiles, rowSize, tilePath, tileWidth, widthOf } from './tiles.ts';
import { type Hashing, hashSizeBytes, rootOfHashes, treeLeaf } from './tree.ts';

/** A place that the ledger is published to. */
export interface LedgerFolder extends LedgerFiles {
  /** Whole or not at all, and durable when it resolves; folders above it are made. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Files and folders below the path too; nothing when the path does not exist. */
  remove(path: string): Promise<void>;
}

async function writeChanged(folder: LedgerFolder, path: string, bytes: Uint8Array): Promise<void> {
  const present = await folder.read(path);
  if (present === undefined || !equalBytes(present, bytes)) await folder.write(path, bytes);
}

const hashesOf = (tile: Uint8Array, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => tile.slice(i * hashSizeBytes, (i + 1) * hashSizeBytes));

async function readPartial(
  folder: LedgerFolder,
  level: number | 'entries',
  size: number,
): Promise<Uint8Array> {
  const row = level === 'entries' ? 0 : level;
  const number = Math.floor(rowSize(size, row) / tileWidth);
  const width = widthOf(size, row, number);
  if (width === 0) return new Uint8Array(0);
  const path = tilePath(level, number, width);
  const found = (await folder.read(path)) ?? (await folder.read(tilePath(level, number)));
  if (found === undefined) throw new Fault('ledger-file-missing', { file: path });
  return found;
}

/** One row of the tree: the hashes that come behind the first `before`, in tiles. */
async function growRow(
  crypto: Hashing,
  folder: LedgerFolder,
  row: { level: number; before: number; hashes: readonly Uint8Array[]; partial: Uint8Array },
): Promise<{ roots: Uint8Array[]; full: number[] }> {
  const { level, before, hashes, partial } = row;
  const first = Math.floor(before / tileWidth);
  const all = [...hashesOf(partial, before - first * tileWidth), ...hashes];
  const [roots, full]: [Uint8Array[], number[]] = [[], []];
  for (let at = 0; at < all.length; at += tileWidth) {
    const tile = all.slice(at, at + tileWidth);
    const number = first + at / tileWidth;
    await writeChanged(folder, tilePath(level, number, tile.length), concatBytes(...tile));
    if (tile.length < tileWidth) continue;
    roots.push(rootOfHashes(crypto, tile));
    full.push(number);
  }
  return { roots, full };
}

/**
 * Writes the tiles of a tree of `from` + `leaves.length` entries, whose first `from` are in the folder.
 * `leaves`: the entries of the ledger, 32 bytes each. Returns paths of narrow tiles that are no longer
 * needed once a checkpoint of the new size is published. Throws `ledger-file-missing`.
 */
export async function growTiles(
  crypto: Hashing,
  folder: LedgerFolder,
  { from, leaves }: { from: number; leaves: readonly Uint8Array[] },
): Promise<string[]> {
  const obsolete: string[] = [];
  await growEntries(folder, from, leaves);
  let hashes: Uint8Array[] = leaves.map((leaf) => treeLeaf(crypto, leaf));
  for (let level = 0; hashes.length > 0; level++) {
    const before = rowSize(from, level);
    const partial = await readPartial(folder, level, from);
    const { roots, full } = await growRow(crypto, folder, { level, before, hashes, partial });
    obsolete.push(...full.map((number) => `${tilePath(level, number)}.p`));
    if (level === 0) obsolete.push(...full.map((number) => `${tilePath('entries', number)}.p`));
    hashes = roots;
  }
  return obsolete;
}

async function growEntries(folder: LedgerFolder, from: number, leaves: readonly Uint8Array[]): Promise<void> {
  const first = Math.floor(from / tileWidth);
  const held = from - first * tileWidth;
  const partial = await readPartial(folder, 'entries', from);
  const all = [...decodeEntryBundle(partial, held, tilePath('entries', first, held)), ...leaves];
  for (let at = 0; at < all.length; at += tileWidth) {
    const bundle = all.slice(at, at + tileWidth);
    const number = first + at / tileWidth;
    await writeChanged(folder, tilePath('entries', number, bundle.length), encodeEntryBundle(bundle));
  }
}

/** Adds opened entries behind the first `from`; what a killed run wrote after these is written again. */
export async function growOpened(
  folder: LedgerFolder,
  { from, opened }: { from: number; opened: readonly OpenedEntry[] },
): Promise<void> {
  for (let done = 0; done < opened.length; ) {
    const at = from + done;
    const number = Math.floor(at / tileWidth);
    const held = at - number * tileWidth;
    const path = openedPath(number);
    const present = held === 0 ? new Uint8Array(0) : await folder.read(path);
    if (present === undefined) throw new Fault('ledger-file-missing', { file: path });
    const more = opened.slice(done, done + tileWidth - held);
    const kept = present.subarray(0, offsetOf(present, held, path));
    await folder.write(path, concatBytes(kept, ...more.map(encodeOpened)));
    done += more.length;
  }
}

/** Where record number `count` begins. */
function offsetOf(bytes: Uint8Array, count: number, file: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new Fault('ledger-file-missing', { file });
    at += 4 + view.getUint32(at);
  }
  if (at > bytes.length) throw new Fault('ledger-file-missing', { file });
  return at;
}
