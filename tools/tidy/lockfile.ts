// Rules about package-lock.json: it names no place to fetch from, has the binaries of every platform, and
// says the same as the package.json files. Where it fails the last two, `npm ci` refuses on a fresh machine.

import { posix } from 'node:path';
import type { Rule, SourceFile } from './tree.ts';

type Needs = {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};
type Entry = Needs & { resolved?: string; link?: boolean; integrity?: string; hasInstallScript?: boolean };
type Entries = Record<string, Entry>;

const lockfilePath = 'package-lock.json';

function entriesOf(files: readonly SourceFile[]): Entries | undefined {
  const text = files.find(({ path }) => path === lockfilePath)?.text;
  return text === undefined ? undefined : (JSON.parse(text) as { packages: Entries }).packages;
}

/** Packages are named by version and hash; where they are fetched from is each machine's own affair. */
export const lockfileHosts: Rule = (files) =>
  Object.entries(entriesOf(files) ?? {})
    .filter(([, { resolved, link }]) => resolved !== undefined && (link !== true || resolved.includes(':')))
    .map(([name]) => `${lockfilePath}: ${name} is resolved to a place`);

/**
 * Whether `name`, wanted by the package at `path`, is found there or in a folder above, as Node looks for it.
 */
function isLocked(entries: Entries, path: string, name: string): boolean {
  const folders = path.split(/\/?node_modules\//);
  for (let depth = folders.length; depth > 0; depth--) {
    const above = [...folders.slice(0, depth), name].join('/node_modules/').replace(/^\//, '');
    if (above in entries) return true;
  }
  // A package of the workspace stands in no node_modules folder; what it wants lies at the root.
  return `node_modules/${name}` in entries;
}

/** Binaries for other platforms have entries too. */
export const lockfilePlatforms: Rule = (files) => {
  const entries = entriesOf(files) ?? {};
  return Object.entries(entries).flatMap(([folder, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(entries, folder, name))
      .map((name) => `${lockfilePath}: ${folder} wants ${name}, which has no entry`),
  );
};

/**
 * Their scripts are not run (`--ignore-scripts`): what they would fetch stands in packages of the lockfile.
 */
const scriptsAllowed = new Set(['node_modules/esbuild', 'node_modules/@serialport/bindings-cpp']);

/** Whatever is installed has a hash: no package fetches more by a script of its own. */
export const lockfileHashes: Rule = (files) =>
  Object.entries(entriesOf(files) ?? {}).flatMap(([name, { link, integrity, hasInstallScript }]) => {
    if (!name.includes('node_modules/') || link === true) return [];
    if (integrity === undefined) return [`${lockfilePath}: ${name} has no hash`];
    return hasInstallScript === true && !scriptsAllowed.has(name)
      ? [`${lockfilePath}: ${name} runs a script when it is installed, which may fetch what has no hash`]
      : [];
  });

const sorted = (record: Record<string, string> = {}): string => JSON.stringify(Object.entries(record).sort());

/** Every package.json of the workspace stands in the lockfile with the dependencies that it has now. */
export const lockfileManifests: Rule = (files) => {
  const entries = entriesOf(files);
  if (entries === undefined) return [];
  return files.flatMap(({ path, text }) => {
    if (!/^(?:(?:packages|apps)\/[^/]+\/)?package\.json$/.test(path)) return [];
    const folder = posix.dirname(path) === '.' ? '' : posix.dirname(path);
    const manifest = JSON.parse(text) as Needs;
    const entry = entries[folder];
    if (entry === undefined) return [`${path}: has no entry in ${lockfilePath}`];
    const same = (['dependencies', 'devDependencies', 'optionalDependencies'] as const).every(
      (kind) => sorted(manifest[kind]) === sorted(entry[kind]),
    );
    return same ? [] : [`${path}: has other dependencies than its entry in ${lockfilePath}`];
  });
};
