// Tiles and proofs against RFC 6962 as its text defines them, for sizes around the edges of tiles, and
// against what a hostile ledger could serve instead.

import { type Bytes, equalBytes, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grown, leafOf, leavesOf, MemoryFolder } from '../test/memory-folder.ts';
import { growTiles } from './grow-tiles.ts';
import { verifyConsistency, verifyInclusion } from './proof.ts';
import { TileTree, tileNumberPath, tilePath, tilesOf } from './tiles.ts';
import { rootOfHashes, splitOf, treeLeaf, treeNode } from './tree.ts';

/** MTH of RFC 6962 section 2.1, by its recursion. */
function mth(hashes: readonly Uint8Array[]): Bytes {
  if (hashes.length === 0) return crypto.sha256(new Uint8Array(0));
  if (hashes.length === 1) return hashes[0] as Bytes;
  const k = splitOf(hashes.length);
  return treeNode(crypto, mth(hashes.slice(0, k)), mth(hashes.slice(k)));
}

const leafHashes = (size: number) => leavesOf(0, size).map((leaf) => treeLeaf(crypto, leaf));

describe('tree', () => {
  it('has the roots of the known answers of RFC 6962 logs', () => {
    // Leaves and roots of the reference tests of Certificate Transparency (facts: inputs and hashes).
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const hashes = inputs.map((hex) => treeLeaf(crypto, Buffer.from(hex, 'hex')));
    expect(roots.map((_, i) => toHex(rootOfHashes(crypto, hashes.slice(0, i + 1))))).toEqual(roots);
    expect(toHex(rootOfHashes(crypto, []))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('is that of the recursion for every size', () => {
    const hashes = leafHashes(70);
    for (let size = 0; size <= hashes.length; size++)
      expect(rootOfHashes(crypto, hashes.slice(0, size))).toEqual(mth(hashes.slice(0, size)));
  });
});

describe('tiles', () => {
  it('have the paths of tlog-tiles', () => {
    expect(tileNumberPath(1_234_067)).toBe('x001/x234/067');
    expect(tilePath('entries', 5, 7)).toBe('tile/entries/005.p/7');
    const all = [...tilesOf(70_000)];
    const partial = all.filter(({ width }) => width < 256);
    expect(all.filter(({ level }) => level === 0)).toHaveLength(274);
    expect(partial.map(({ level, width }) => [level, width])).toEqual([
      [0, 112],
      [1, 17],
      [2, 1],
    ]);
    expect([...tilesOf(256)]).toEqual([
      { level: 0, number: 0, width: 256 },
      { level: 1, number: 0, width: 1 },
    ]);
  });

  it('are the same however the ledger grew', async () => {
    const size = 66_000;
    const [once, often] = [await grown(size), await grown(1, 255, 256, 257, 700, 65_535, 65_536, size)];
    for (const { level, number, width } of tilesOf(size)) {
      const path = tilePath(level, number, width);
      expect(equalBytes(often.files.get(path)!, once.files.get(path)!), path).toBe(true);
    }
    const tree = new TileTree(crypto, often, size);
    const hashes = leafHashes(size);
    for (const old of [1, 255, 256, 65_535, size])
      expect(await tree.root(old)).toEqual(rootOfHashes(crypto, hashes.slice(0, old)));
  });

  it('are the same after a kill at any write', async () => {
    const sound = await grown(250, 520);
    for (let dieAt = 1; ; dieAt++) {
      const folder = await grown(250);
      folder.writes = 0;
      folder.dieAt = dieAt;
      const grow = () => growTiles(crypto, folder, { from: 250, leaves: leavesOf(250, 520) });
      const died = await grow().then(
        () => false,
        () => true,
      );
      folder.dieAt = Number.POSITIVE_INFINITY;
      await grow();
      expect([...folder.files.keys()].sort()).toEqual([...sound.files.keys()].sort());
      for (const [path, bytes] of sound.files)
        expect(equalBytes(folder.files.get(path)!, bytes), path).toBe(true);
      if (!died) {
        expect(dieAt).toBeGreaterThan(4);
        return;
      }
    }
  });

  it('beyond the checkpoint are replaced when another log goes on from it', async () => {
    const folder = await grown(300);
    const others = [leafOf(998), leafOf(999)];
    await growTiles(crypto, folder, { from: 300, leaves: others });
    await growTiles(crypto, folder, { from: 300, leaves: leavesOf(300, 302) });
    expect(await new TileTree(crypto, folder, 302).root()).toEqual(mth(leafHashes(302)));
    expect(await new TileTree(crypto, folder, 300).root()).toEqual(mth(leafHashes(300)));
  });

  it('that were removed are served by the full one', async () => {
    const folder = await grown(200, 256);
    await folder.remove(`${tilePath(0, 0)}.p`);
    expect(await new TileTree(crypto, folder, 200).root()).toEqual(mth(leafHashes(200)));
    folder.files.delete(tilePath(0, 0));
    await expect(new TileTree(crypto, folder, 200).root()).rejects.toMatchObject({
      code: 'ledger-file-missing',
      fields: { file: 'tile/0/000.p/200' },
    });
  });
});

describe('proofs', () => {
  const sizes = [1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 1000];

  it('of inclusion verify for their leaf, index and tree, and for no other', async () => {
    const folder = await grown(...sizes);
    const tree = new TileTree(crypto, folder, 1000);
    for (const size of sizes) {
      const head = { size, root: mth(leafHashes(size)) };
      for (const index of new Set([0, 1, 6, 128, 254, 255, 256, 510, size - 1].filter((i) => i < size))) {
        const proof = await tree.proveInclusion(index, size);
        const leaf = treeLeaf(crypto, leafOf(index));
        const verify = (change: object) => verifyInclusion(crypto, { leaf, index, proof, head, ...change });
        expect(verify({}), `${index} of ${size}`).toBe(true);
        expect(verify({ leaf: treeLeaf(crypto, leafOf(index + 1)) })).toBe(false);
        expect(verify({ index: index + 1 })).toBe(false);
        expect(verify({ index: size })).toBe(false);
        expect(verify({ proof: [...proof, leaf] })).toBe(false);
        if (proof.length > 0) expect(verify({ proof: proof.slice(1) })).toBe(false);
      }
    }
  });

  it('of consistency verify for their two trees, and for no other', async () => {
    const folder = await grown(...sizes);
    const tree = new TileTree(crypto, folder, 1000);
    const headOf = (size: number) => ({ size, root: mth(leafHashes(size)) });
    const forged = { size: 0, root: crypto.sha256(utf8('another')) };
    for (const from of [0, ...sizes].map(headOf))
      for (const to of sizes.map(headOf).filter(({ size }) => size >= from.size)) {
        const proof = await tree.proveConsistency(from.size, to.size);
        const verify = (change: object) => verifyConsistency(crypto, { from, to, proof, ...change });
        expect(verify({}), `${from.size} to ${to.size}`).toBe(true);
        expect(verify({ proof: [...proof, forged.root] })).toBe(false);
        if (from.size > 0) expect(verify({ from: { ...forged, size: from.size } })).toBe(false);
        if (from.size > 0 && from.size < to.size) {
          expect(verify({ to: { ...forged, size: to.size } })).toBe(false);
          expect(verify({ proof: proof.slice(1) })).toBe(false);
        }
      }
  });

  it('with any bit changed do not verify', async () => {
    const folder = new MemoryFolder();
    await growTiles(crypto, folder, { from: 0, leaves: leavesOf(0, 1000) });
    const tree = new TileTree(crypto, folder, 1000);
    const head = { size: 1000, root: await tree.root() };
    await fc.assert(
      fc.asyncProperty(fc.nat(999), fc.nat(), async (index, at) => {
        const proof = await tree.proveInclusion(index);
        const hash = proof[at % proof.length]!;
        hash[at % 32]! ^= 1 << (at % 8);
        const leaf = treeLeaf(crypto, leafOf(index));
        expect(verifyInclusion(crypto, { leaf, index, proof, head })).toBe(false);
        expect(equalBytes(leaf, await tree.leaf(index))).toBe(true);
      }),
      { seed: 1800, numRuns: 100 },
    );
  });
});
