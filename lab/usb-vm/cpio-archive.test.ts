// Archives as the kernel reads them: headers of 110 bytes, names and data padded to four.

import { expect, test } from 'vitest';
import { type ArchiveEntry, cpioArchive } from './cpio-archive.ts';

interface Read {
  readonly name: string;
  readonly mode: string;
  readonly data: string;
}

/** Reads with the offsets of the format's description, not with those of the writer. */
function read(bytes: Uint8Array): Read[] {
  const text = new TextDecoder('latin1').decode(bytes);
  const found: Read[] = [];
  for (let at = 0; at < text.length; ) {
    expect(text.slice(at, at + 6)).toBe('070701');
    const field = (offset: number) => Number.parseInt(text.slice(at + offset, at + offset + 8), 16);
    const [sizeBytes, nameBytes] = [field(54), field(94)];
    const data = at + Math.ceil((110 + nameBytes) / 4) * 4;
    found.push({
      name: text.slice(at + 110, at + 110 + nameBytes - 1),
      mode: field(14).toString(8),
      data: text.slice(data, data + sizeBytes),
    });
    at = data + Math.ceil(sizeBytes / 4) * 4;
  }
  return found;
}

const entries: ArchiveEntry[] = [
  { path: 'bin', content: { folder: true } },
  { path: 'bin/five', content: { file: new TextEncoder().encode('12345') }, executable: true },
  { path: 'bin/none', content: { file: new Uint8Array(0) } },
];

test('folders, programs and files, then the trailer', () => {
  expect(read(cpioArchive(entries))).toEqual([
    { name: 'bin', mode: '40755', data: '' },
    { name: 'bin/five', mode: '100755', data: '12345' },
    { name: 'bin/none', mode: '100644', data: '' },
    { name: 'TRAILER!!!', mode: '0', data: '' },
  ]);
});

test('archives follow each other, and equal content gives equal bytes', () => {
  const one = cpioArchive(entries);
  expect(read(Buffer.concat([one, one]))).toHaveLength(8);
  expect(cpioArchive(entries)).toEqual(one);
});
