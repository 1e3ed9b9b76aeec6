// Source packages of Debian that builds and tests need (BearSSL, published test vectors): fetched by apt-get
// into .cache and held to the SHA-256 that the tree names. Nothing of them is in the tree. Which there are:
// the JSON files beside their users.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached, cacheFolder, hashOf } from './cache.ts';

export type DebianSource = {
  /** Debian's name of the source package. */
  package: string;
  /** File name of its upstream archive, and the SHA-256 of that file in hex. */
  archive: string;
  sha256: string;
  /** The one folder at the top of the archive. */
  folder: string;
  /** Paths below `folder`: only these are unpacked. All of them when left out. */
  files?: readonly string[];
};

function run(folder: string, program: string, args: string[]): string {
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`);
  return stdout;
}

/** A deb-src list of the sites that this machine takes its packages from; apt checks their signatures. */
function sourceList(): string {
  const format = 'deb-src $(SITE) $(RELEASE) $(COMPONENT)';
  const targets = run('.', 'apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  return [...new Set(targets.split('\n'))].join('\n');
}

let prepared: string[] | undefined;

/**
 * Options by which apt-get knows source packages and leaves the machine's own lists alone; once a process.
 */
function aptOptions(): string[] {
  if (prepared !== undefined) return prepared;
  const folder = mkdtempSync(join(cacheFolder(), 'apt-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'lists'));
  writeFileSync(join(folder, 'sources.list'), sourceList());
  const options = [
    ['Dir::Etc::sourcelist', join(folder, 'sources.list')],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', join(folder, 'cache')],
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([name, value]) => ['--option', `${name}=${value}`]);
  run(folder, 'apt-get', ['update', '--quiet', ...options]);
  prepared = options;
  return options;
}

/** Where unpacked sources are kept: cache.ts, or a test's own. */
export interface SourceCache {
  readonly cacheFolder: typeof cacheFolder;
  readonly cached: typeof cached;
}

/** Path of the archive: a copy in the folder that FIRMSEAL_SOURCES names, else fetched into `folder`. */
function archiveOf(source: DebianSource, folder: string): string {
  const copies = process.env['FIRMSEAL_SOURCES'];
  if (copies !== undefined) return join(copies, source.archive);
  run(folder, 'apt-get', ['source', '--quiet', '--download-only', ...aptOptions(), source.package]);
  return join(folder, source.archive);
}

function unpack(source: DebianSource, into: string, cache: SourceCache): void {
  const downloads = mkdtempSync(join(cache.cacheFolder(), 'fetch-'));
  try {
    const archive = archiveOf(source, downloads);
    const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (found !== source.sha256)
      throw new Error(`${source.archive} has the SHA-256 ${found}, expected is ${source.sha256}`);
    const files = (source.files ?? []).map((file) => `${source.folder}/${file}`);
    run(into, 'tar', ['--extract', '--file', archive, ...files]);
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

/**
 * The folder of the unpacked sources; fetches and unpacks at the first call. FIRMSEAL_SOURCES names a
 * folder with copies of the archives, where they cannot be fetched. Throws when the archive cannot be
 * had or is not the one that is meant.
 */
export function debianSourceFolder(
  source: DebianSource,
  cache: SourceCache = { cacheFolder, cached },
): string {
  const name = `${source.package}-${hashOf(source.sha256, ...(source.files ?? [])).slice(0, 16)}`;
  return join(
    cache.cached(name, (temporary) => unpack(source, temporary, cache)),
    source.folder,
  );
}

/** Why the sources cannot be had on this machine; undefined when they can. */
export function debianSourceMissing(source: DebianSource, cache?: SourceCache): string | undefined {
  try {
    debianSourceFolder(source, cache);
    return undefined;
  } catch (error) {
    return `needs the source package ${source.package}: ${(error as Error).message}`;
  }
}
