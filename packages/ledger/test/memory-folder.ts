// A ledger's folder in memory, which counts its writes and can stop before any of them, as a kill would.

import { nodeCrypto } from '@firmseal/crypto-node';
import { growTiles, type LedgerFolder } from '../src/index.ts';

export class MemoryFolder implements LedgerFolder {
  readonly files = new Map<string, Uint8Array>();
  writes = 0;
  /** The write with this number throws, and every one after it. */
  dieAt = Number.POSITIVE_INFINITY;

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path)?.slice();
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (++this.writes >= this.dieAt) throw new Error('killed');
    this.files.set(path, bytes.slice());
  }

  async remove(path: string): Promise<void> {
    if (++this.writes >= this.dieAt) throw new Error('killed');
    for (const name of this.files.keys())
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }
}

/** 32 bytes that depend on the index alone. */
export const leafOf = (index: number): Uint8Array =>
  nodeCrypto.sha256(Uint8Array.of(index & 255, (index >> 8) & 255, index >> 16));

export const leavesOf = (from: number, end: number): Uint8Array[] =>
  Array.from({ length: end - from }, (_, i) => leafOf(from + i));

/** Grows a folder through the given sizes. */
export async function grown(...sizes: number[]): Promise<MemoryFolder> {
  const folder = new MemoryFolder();
  let from = 0;
  for (const size of sizes) {
    await growTiles(nodeCrypto, folder, { from, leaves: leavesOf(from, size) });
    from = size;
  }
  return folder;
}
