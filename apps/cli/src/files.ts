// Files as the commands use them: how much of an input is read, and whether an output may replace a file.

import { existsSync } from 'node:fs';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile, writeWholeFile } from '@firmseal/files';

const maxFileBytes = 64 * 1024 * 1024;

/** The whole file, at most 64 MiB. Throws what readBoundedFile does. */
export function readInput(path: string): Bytes {
  return readBoundedFile(path, maxFileBytes);
}

/** Text of a small file, without trailing white space. */
export function readText(path: string): string {
  return new TextDecoder().decode(readInput(path)).trimEnd();
}

/** Refuses to replace a file: throws `file-exists`. */
export function refuseExisting(...paths: readonly string[]): void {
  for (const path of paths) if (existsSync(path)) throw new Fault('file-exists', { file: path });
}

/** The file is there whole or not at all. Throws what writeWholeFile does. */
export function writeOutput(path: string, parts: readonly Uint8Array[], mode = 0o644): void {
  writeWholeFile(path, parts, { mode });
}

export function writeText(path: string, text: string, mode = 0o644): void {
  writeOutput(path, [new TextEncoder().encode(text)], mode);
}
