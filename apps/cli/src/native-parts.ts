// In a single executable: the native code of the packages `usb` and `serialport`. The system loads such code
// from files only, so each part comes out of the executable into a folder of the user's own, once, and is
// compared with what the executable holds before each load. The bundler (tools/pack/executable.ts) puts
// calls of this in the place of those packages' own searches.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import sea from 'node:sea';
import { equalBytes } from '@firmseal/bytes';
import { readBoundedFile, writeWholeFile } from '@firmseal/files';

const cacheFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'firmseal', 'native');

const holds = (path: string, bytes: Uint8Array): boolean => {
  try {
    return equalBytes(readBoundedFile(path, bytes.length), bytes);
  } catch {
    return false;
  }
};

/** Whole or not at all: another firmseal that starts at this moment never loads half a file. */
function place(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  if (!holds(path, bytes)) writeWholeFile(path, [bytes], { mode: 0o600 });
  return path;
}

/** What `require` gives for the addon. Throws as Node's dlopen: the callers answer that with a fault. */
export function loadNativePart(name: string): unknown {
  const bytes = new Uint8Array(sea.getAsset(name));
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  let path: string;
  try {
    path = place(join(cacheFolder(), digest), name, bytes);
  } catch {
    // No home, or one that is full or read-only: a folder for this run.
    path = place(mkdtempSync(join(tmpdir(), 'firmseal-native-')), name, bytes);
  }
  const loaded = { exports: {} };
  process.dlopen(loaded, path);
  return loaded.exports;
}
