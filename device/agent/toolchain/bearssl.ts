// The BearSSL sources: Debian's source package, fetched by apt-get into .cache and held to the SHA-256 in
// port/bearssl/sources.json, which also lists the files that are compiled. Nothing of it is in the tree.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, root } from './cache.ts';

type Sources = {
  package: string;
  archive: string;
  sha256: string;
  folder: string;
  common: string[];
  m15: string[];
  m31: string[];
  /** Files of the record path and the flags that make them fast, found by trying; all others are made small. */
  fast: Record<Arithmetic, Record<string, string[]>>;
};

/** Which of BearSSL's arithmetics: 15-bit limbs for cores with a 32-bit multiplier, else 31-bit limbs. */
export type Arithmetic = 'm15' | 'm31';

export const bearssl = JSON.parse(
  readFileSync(join(root, 'device/agent/port/bearssl/sources.json'), 'utf8'),
) as Sources;

/** The files to compile, relative to the folder of the sources. */
export const bearsslSources = (arithmetic: Arithmetic): string[] => [
  ...bearssl.common,
  ...bearssl[arithmetic],
];

/** What a file is compiled with beyond the flags of the build; the last -O counts. */
export const bearsslFlags = (arithmetic: Arithmetic, source: string): string[] =>
  bearssl.fast[arithmetic][source] ?? [];

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

function download(folder: string): void {
  mkdirSync(join(folder, 'lists'), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), sourceList());
  const options = [
    ['Dir::Etc::sourcelist', join(folder, 'sources.list')],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', join(folder, 'apt-cache')],
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([name, value]) => ['--option', `${name}=${value}`]);
  run(folder, 'apt-get', ['update', '--quiet', ...options]);
  run(folder, 'apt-get', ['source', '--quiet', '--download-only', ...options, bearssl.package]);
}

function checkHash(archive: string): void {
  const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (found !== bearssl.sha256) {
    rmSync(archive);
    throw new Error(`${bearssl.archive} has the SHA-256 ${found}, expected is ${bearssl.sha256}`);
  }
}

/**
 * The folder of the unpacked sources; fetches and unpacks at the first call. A copy of the archive that is already
 * there is named by FIRMSEAL_BEARSSL. Throws when it cannot be had or is not the archive that sources.json means.
 */
export function bearsslFolder(): string {
  const home = join(cacheFolder(), `bearssl-${bearssl.sha256.slice(0, 16)}`);
  if (existsSync(home)) return join(home, bearssl.folder);
  const temporary = mkdtempSync(join(cacheFolder(), 'fetch-'));
  try {
    let archive = process.env['FIRMSEAL_BEARSSL'];
    if (archive === undefined) {
      download(temporary);
      archive = join(temporary, bearssl.archive);
      checkHash(archive);
    } else if (createHash('sha256').update(readFileSync(archive)).digest('hex') !== bearssl.sha256) {
      throw new Error(`FIRMSEAL_BEARSSL names another archive than ${bearssl.archive}`);
    }
    const unpacked = join(temporary, 'unpacked');
    mkdirSync(unpacked);
    run(unpacked, 'tar', ['--extract', '--file', archive]);
    try {
      renameSync(unpacked, home);
    } catch (error) {
      if (!existsSync(home)) throw error; // another process was faster
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return join(home, bearssl.folder);
}

/** Why the sources cannot be had on this machine; undefined when they can. */
export function bearsslMissing(): string | undefined {
  try {
    bearsslFolder();
    return undefined;
  } catch (error) {
    return `needs the source of BearSSL: ${(error as Error).message}`;
  }
}
