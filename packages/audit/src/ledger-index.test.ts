// Opened files are read into memory that others have left: an entry that was read stays as it was, and
// each is the one that was asked for.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeOpened, type OpenedEntry, openedPath, tileWidth } from '@firmseal/ledger';
import { expect, it } from 'vitest';
import { OpenedReader } from './ledger-index.ts';

const fileCount = 5;
const entryOf = (sequence: number): OpenedEntry => ({
  salt: new Uint8Array(32).fill(sequence & 255),
  entry: new Uint8Array(20 + Math.floor(sequence / tileWidth)).fill(sequence >> 3),
  objects: { number: sequence, bundle: new Uint8Array(300).fill(sequence & 127) },
});
const files = new Map(
  Array.from({ length: fileCount }, (_, number) => {
    const entries = Array.from({ length: tileWidth }, (_, i) => entryOf(number * tileWidth + i));
    return [openedPath(number), Buffer.concat(entries.map(encodeOpened))] as const;
  }),
);

it.each([1, 300_000, 1 << 30])('of files of which %i bytes are kept', async (mostBytes) => {
  let reused = 0;
  const met = new Set<ArrayBufferLike>();
  const source = {
    read: async (path: string, into?: Uint8Array) => {
      const bytes = files.get(path)!;
      if (into === undefined || into.length < bytes.length) return Uint8Array.from(bytes);
      if (met.has(into.buffer)) reused++;
      met.add(into.buffer);
      into.fill(0xff);
      into.set(bytes);
      return into.subarray(0, bytes.length);
    },
  };
  const reader = new OpenedReader(source, fileCount * tileWidth, mostBytes);
  const read: { sequence: number; opened: OpenedEntry }[] = [];
  for (let round = 0; round < 80; round++) {
    const sequence = crypto.randomBytes(2).reduce((sum, byte) => sum * 256 + byte) % (fileCount * tileWidth);
    read.push({ sequence, opened: await reader.read(sequence) });
  }
  for (const { sequence, opened } of read) expect(opened).toEqual(entryOf(sequence));
  if (mostBytes === 1 << 30) expect(reused).toBe(0);
  else expect(reused).toBeGreaterThan(10);
});
