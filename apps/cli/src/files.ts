// Files as the commands read them: how much of an input is taken.

import type { Bytes } from '@firmseal/bytes';
import { readBoundedFile } from '@firmseal/files';

const maxFileBytes = 64 * 1024 * 1024;

/** The whole file, at most 64 MiB. Throws what readBoundedFile does. */
export function readInput(path: string): Bytes {
  return readBoundedFile(path, maxFileBytes);
}

/** Of a released line, the largest that is read. */
const largestFileBytes = 256 * 1024 * 1024;

/** The first bytes of a file, at most 64, by which its kind is known. Throws what readBoundedFile does. */
export const readHead = (path: string): Bytes => readBoundedFile(path, largestFileBytes).slice(0, 64);

/** Text of a small file, without trailing white space. */
export function readText(path: string): string {
  return new TextDecoder().decode(readInput(path)).trimEnd();
}
