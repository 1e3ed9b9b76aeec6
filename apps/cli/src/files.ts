// Files as the commands use them: bounded reads with a fault that names the file,
// writes that are whole or absent.

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

const maxFileBytes = 64 * 1024 * 1024;

/** The whole file, at most 64 MiB. Throws `file-unreadable`, `file-too-large`. */
export function readInput(path: string): Bytes {
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes)
      throw new Fault('file-too-large', { file: path, sizeBytes: size, mostBytes: maxFileBytes });
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'file-unreadable',
      { file: path, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      { cause: error },
    );
  }
}

/** Text of a small file, without trailing white space. */
export function readText(path: string): string {
  return new TextDecoder().decode(readInput(path)).trimEnd();
}

/** Refuses to replace a file: throws `file-exists`. */
export function refuseExisting(...paths: readonly string[]): void {
  for (const path of paths) if (existsSync(path)) throw new Fault('file-exists', { file: path });
}

/**
 * Writes through a temporary file in the same folder, synced and renamed: the file is
 * there whole or not at all.
 */
export function writeOutput(path: string, parts: readonly Uint8Array[], mode = 0o644): void {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      for (const part of parts) writeSync(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const folder = openSync(dirname(path) || '.', 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw new Fault(
      'file-unwritable',
      { file: path, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      { cause: error },
    );
  }
}

export function writeText(path: string, text: string, mode = 0o644): void {
  writeOutput(path, [new TextEncoder().encode(text)], mode);
}
