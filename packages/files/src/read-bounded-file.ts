// Reads a file up to a limit. It counts what it reads instead of trusting the size that the file system
// tells: a pipe has no size, a device such as /dev/zero has no end, and a file can grow while it is read.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';

const pieceSizeBytes = 65_536;

/**
 * The whole file, at most `mostBytes` of it; in `into`, and a part of it, where that has room for one byte
 * more. Throws `file-too-large` before it holds more than that, `file-missing`, `file-forbidden`,
 * `file-is-folder`, `file-unreadable`.
 */
export function readBoundedFile(path: string, mostBytes: number, into?: Bytes): Bytes {
  try {
    const file = openSync(path, 'r');
    try {
      const stat = fstatSync(file);
      const tooLarge = () => new Fault('file-too-large', { file: path, mostBytes });
      if (stat.isFile() && stat.size > mostBytes) throw tooLarge();
      const fits = into !== undefined && stat.isFile() && stat.size < into.length && into.length <= mostBytes;
      let bytes = fits
        ? into
        : new Uint8Array(Math.min(mostBytes, stat.isFile() ? stat.size : pieceSizeBytes));
      const next = new Uint8Array(1);
      let length = 0;
      for (;;) {
        if (length < bytes.length) {
          const got = readSync(file, bytes, length, bytes.length - length, null);
          if (got === 0) return bytes === into ? bytes.subarray(0, length) : bytes.slice(0, length);
          length += got;
        } else {
          // A file that has the size that it told is not copied once more.
          if (readSync(file, next, 0, 1, null) === 0) return bytes;
          if (length === mostBytes) throw tooLarge();
          bytes = grown(bytes, mostBytes);
          bytes[length++] = next[0]!;
          next.fill(0);
        }
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw faultOfFile(error, path, 'read');
  }
}

/** Twice the room, never more than `most`; the old copy is wiped, since it may hold a secret. */
function grown(bytes: Bytes, most: number): Bytes {
  const larger = new Uint8Array(Math.min(most, Math.max(pieceSizeBytes, 2 * bytes.length)));
  larger.set(bytes);
  bytes.fill(0);
  return larger;
}
