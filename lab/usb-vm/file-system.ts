// The guest's first file system (an initramfs), made of this machine's Debian packages and the modules of the
// kernel, and kept under a hash of everything that it depends on.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArchiveEntry, cpioArchive } from './cpio-archive.ts';
import * as parts from './guest-parts.ts';
import type { Kernel } from './kernel.ts';
import { installedVersions, run } from './programs.ts';

const guestInit = join(import.meta.dirname, 'guest-init.sh');

/** Paths of the shared libraries that a program loads, its interpreter among them. */
function librariesOf(program: string): string[] {
  return [...run('ldd', [program]).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}

class FileSystem {
  readonly #entries = new Map<string, ArchiveEntry>();

  get entries(): ArchiveEntry[] {
    return [...this.#entries.values()];
  }

  #folder(path: string): void {
    if (path === '.' || path === '/' || this.#entries.has(path)) return;
    this.#folder(dirname(path));
    this.#entries.set(path, { path, content: { folder: true } });
  }

  file(at: string, from: string): void {
    const path = at.replace(/^\//, '');
    this.#folder(dirname(path));
    this.#entries.set(path, { path, content: { file: readFileSync(realpathSync(from)) }, executable: true });
  }

  tree(folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) this.file(path, path);
    }
  }
}

function build(kernel: Kernel): Uint8Array {
  const system = new FileSystem();
  system.file('/init', guestInit);
  system.file('/bin/busybox', parts.busybox);
  for (const program of parts.guestPrograms)
    for (const path of [program, ...librariesOf(program)]) system.file(path, path);
  for (const folder of parts.guestFolders) system.tree(folder);
  for (const path of parts.guestFiles) system.file(path, path);
  for (const name of readdirSync(kernel.folder))
    if (name !== 'vmlinuz') system.file(`/lib/modules/${name}`, join(kernel.folder, name));
  return cpioArchive(system.entries);
}

function keyOf(kernel: Kernel): string {
  const hash = createHash('sha256');
  const sources = ['guest-init.sh', 'guest-parts.ts', 'cpio-archive.ts', 'file-system.ts'];
  for (const name of sources) hash.update(readFileSync(join(import.meta.dirname, name)));
  for (const line of [kernel.name, ...installedVersions(parts.guestPackages)]) hash.update(`${line}\n`);
  return hash.digest('hex').slice(0, 16);
}

/**
 * Path of the archive; made if it is not kept, in about a second. Throws naming a
 * Debian package that is missing.
 */
export function fileSystemFor(kernel: Kernel, cache: string): string {
  const path = join(cache, `file-system-${keyOf(kernel)}.cpio`);
  if (existsSync(path)) return path;
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, build(kernel));
  renameSync(fresh, path);
  return path;
}
