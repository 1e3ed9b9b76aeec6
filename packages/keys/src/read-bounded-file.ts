// Reads a small text file without trusting its size.

import { open } from 'node:fs/promises';
import { Fault } from '@firmseal/fault';

/**
 * The bytes of a file of at most `sizeBytesAtMost`; undefined when it is longer. Throws
 * `key-file-unreadable`. Reads by count, not by the size that the file system reports:
 * a pipe or a device has none.
 */
export async function readBoundedFile(
  path: string,
  sizeBytesAtMost: number,
): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = new Uint8Array(sizeBytesAtMost + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
      }
      return undefined;
    } finally {
      await file.close();
    }
  } catch (cause) {
    const reason = String((cause as NodeJS.ErrnoException).code ?? 'unknown');
    throw new Fault('key-file-unreadable', { path, reason }, { cause });
  }
}
