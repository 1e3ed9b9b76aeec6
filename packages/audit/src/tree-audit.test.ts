// The tree of a ledger with several levels of tiles: whatever file of it was changed, cut or taken away is
// named, and so is a checkpoint of another tree.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { TileTree, type TreeHead } from '@firmseal/ledger';
import { grown, type MemoryFolder } from '@firmseal/ledger/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditTree } from './tree-audit.ts';

/** Findings as `code subject`. */
async function judge(folder: Pick<MemoryFolder, 'read'>, head: TreeHead): Promise<string[]> {
  const found: string[] = [];
  await auditTree(crypto, folder, head, { report: (code, subject) => found.push(`${code} ${subject}`) });
  return found;
}

/** The folder with other bytes, or none, under the path. */
const withFile = (folder: MemoryFolder, path: string, bytes: Uint8Array | undefined) => ({
  read: async (name: string) => (name === path ? bytes : folder.read(name)),
});

describe.each([
  [600, ['tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2']],
  [66_000, ['tile/0/200', 'tile/1/000', 'tile/1/001.p/1', 'tile/2/000.p/1']],
])('a ledger of %i entries', (size, tiles) => {
  let folder: MemoryFolder;
  let head: TreeHead;
  beforeAll(async () => {
    folder = await grown(size);
    head = { size, root: await new TileTree(crypto, folder, size).root() };
  });

  it('is sound, and is not that of another root', async () => {
    expect(await judge(folder, head)).toEqual([]);
    expect(await judge(folder, { ...head, root: new Uint8Array(32) })).toEqual([
      `ledger-root-wrong the tree of ${size} entries`,
    ]);
  });

  it.each(tiles)('with a changed byte in %s', async (path) => {
    const bytes = folder.files.get(path)!.slice();
    bytes[bytes.length - 1]! ^= 0x80;
    const [first, ...rest] = await judge(withFile(folder, path, bytes), head);
    expect(first).toMatch(new RegExp(`^ledger-file-wrong .*${path.replaceAll('.', '\\.')}`));
    // Of a tile and its entries alone nobody knows which is right; above them it is the tile.
    if (!path.startsWith('tile/0')) expect([first, rest]).toEqual([`ledger-file-wrong ${path}`, []]);
  });

  it.each(tiles)('without %s, or with half of it', async (path) => {
    const half = folder.files.get(path)!.slice(0, -16);
    for (const bytes of [undefined, half])
      expect(await judge(withFile(folder, path, bytes), head)).toEqual([`ledger-file-wrong ${path}`]);
  });
});

it('entries that fit a tile but not the checkpoint are found by the root', async () => {
  const [folder, other] = [await grown(300), await grown(299)];
  const head = { size: 300, root: await new TileTree(crypto, other, 299).root() };
  expect(await judge(folder, head)).toEqual(['ledger-root-wrong the tree of 300 entries']);
});
