// Puts a file in place whole or not at all, and never over another one. The name appears by a hard link:
// unlike a rename, it fails when the name is taken, and between check and use there is no gap.

import { link, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@firmseal/fault';

const systemCode = (error: unknown) => String((error as NodeJS.ErrnoException).code ?? 'unknown');

/**
 * Creates the file with mode 0600; when this returns, file and name are on the disk. Throws `key-exists` or
 * `key-file-unwritable`. `suffix` (random) names the temporary file in the same
 * folder, which is always removed.
 */
export async function writeNewFile(path: string, text: string, suffix: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}`);
  try {
    await writeDurably(temporary, text);
    try {
      await link(temporary, path);
    } finally {
      await unlink(temporary);
    }
    await syncFolder(dirname(path));
  } catch (cause) {
    const reason = systemCode(cause);
    if (reason === 'EEXIST') throw new Fault('key-exists', { path }, { cause });
    throw new Fault('key-file-unwritable', { path, reason }, { cause });
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return; // a folder cannot be opened there; NTFS journals names
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
