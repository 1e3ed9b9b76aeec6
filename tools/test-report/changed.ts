// Which test files a change can affect: `npm test -- --changed [REF]`. A file needs another when it
// names it in quotes: by an import, or by a path that it reads or starts. Sources that are listed by
// folder (C, the catalogue, error tables) have rules of their own. Naming too many tests costs time, one
// too few a defect, so a doubt adds.

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { matchesGlob, posix } from 'node:path';
import { root, treePaths } from '../tidy/tree.ts';

/** After a change of one of these every test runs. */
const affectsAll = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'vitest.config.ts',
  '{packages,apps}/*/package.json',
];

/** What reads files that it does not name in quotes: a change of `files` is one of `readers`. */
const rules: readonly { files: string; readers: readonly string[] }[] = [
  {
    files: 'device/agent/core/**',
    readers: ['device/agent/build.ts', 'device/agent/toolchain/targets.ts', 'lab/agent-fuzz/build-target.ts'],
  },
  { files: 'device/agent/port/wasm/**', readers: ['device/agent/build.ts'] },
  { files: 'device/agent/port/**/*.{c,h,S,ld,json}', readers: ['device/agent/toolchain/targets.ts'] },
  {
    files: 'device/agent/**/*.{c,h,S}',
    readers: [
      'device/agent/toolchain/clang-tidy.ts',
      'device/agent/toolchain/error-table.test.ts',
      'device/agent/toolchain/defences.test.ts',
      'lab/glitch/mutant-build.ts',
      'packages/chips/src/agent-builds.test.ts',
    ],
  },
  { files: 'lab/agent-fuzz/*.{c,h}', readers: ['lab/agent-fuzz/build-target.ts', 'device/agent/build.ts'] },
  { files: 'packages/chips/data/**', readers: ['packages/chips/src/index.ts'] },
  { files: 'packages/virtual-stm32/src/**', readers: ['packages/virtual-stm32/src/imports.test.ts'] },
  {
    files: 'spec/errors/**',
    readers: [
      'packages/fault/src/index.ts',
      'packages/fault/src/table.test.ts',
      'device/agent/test/fault-numbers.ts',
      'device/agent/toolchain/error-table.ts',
      'tools/generate/error-areas.ts',
    ],
  },
  { files: 'device/sdk/**', readers: ['device/sdk/test/build-example.ts'] },
  { files: 'examples/**', readers: ['tools/examples.test.ts'] },
  { files: 'README.md', readers: ['tools/pack/pack.test.ts'] },
];

/** They read the whole tree. */
const always = ['tools/tidy/*.test.ts', 'apps/cli/test/named-commands.test.ts'];

/** What has a place above, since it lists a folder of the tree. */
export const listsFolders = (path: string): boolean =>
  always.some((pattern) => matchesGlob(path, pattern)) || rules.some(({ readers }) => readers.includes(path));

const isCode = (path: string): boolean => /\.(tsx?|mjs)$/.test(path);
const isTest = (path: string): boolean => path.endsWith('.test.ts');

/**
 * The source files of a package's exports, by what an import says:
 * `@firmseal/link`, `@firmseal/link/testing`.
 */
function exportsOf(paths: readonly string[], read: (path: string) => string): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths.filter((one) => /^(?:packages|apps)\/[^/]+\/package\.json$/.test(one))) {
    const { name, exports } = JSON.parse(read(path)) as { name: string; exports?: unknown };
    const entries = typeof exports === 'string' ? { '.': exports } : (exports ?? {});
    for (const [key, target] of Object.entries(entries as Record<string, unknown>))
      if (typeof target === 'string')
        found.set(posix.join(name, key), posix.join(posix.dirname(path), target));
  }
  return found;
}

/** Everything in quotes that may be a path; of a template, what stands before its first value. */
function quoted(text: string): string[] {
  return [...text.matchAll(/(['"`])((?:\.{0,2}\/|[\w@])[\w@./-]*)(?=\1|\$\{)/g)].map(([, , name]) => name!);
}

export type Tree = {
  paths: readonly string[];
  read: (path: string) => string;
};

/** For each file of code, the files and folders (with a slash at the end) that it names. */
function needsOf({ paths, read }: Tree): Map<string, Set<string>> {
  const files = new Set(paths);
  const folders = new Set(paths.flatMap((path) => foldersAbove(path)));
  const exports = exportsOf(paths, read);
  const needs = new Map<string, Set<string>>();
  for (const path of paths.filter(isCode)) {
    const found = new Set<string>();
    for (const name of quoted(read(path))) {
      const exported = exports.get(name);
      if (exported !== undefined) found.add(exported);
      const places = name.startsWith('.') ? [posix.join(posix.dirname(path), name)] : [name];
      for (const place of places.map((one) => one.replace(/\/$/, ''))) {
        if (files.has(place) && place !== path) found.add(place);
        // A folder of the top level, or the top itself, is where paths begin, not what is read.
        if (folders.has(place) && place.includes('/') && !path.startsWith(`${place}/`))
          found.add(`${place}/`);
      }
    }
    needs.set(path, found);
  }
  return needs;
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** The test files of the tree that one of the changed files can affect, sorted. */
export function affectedTests(changed: readonly string[], tree: Tree): string[] {
  const tests = tree.paths.filter(isTest);
  if (changed.some((path) => affectsAll.some((pattern) => matchesGlob(path, pattern)))) return tests;
  const neededBy = new Map<string, string[]>();
  for (const [path, needs] of needsOf(tree))
    for (const need of needs) neededBy.set(need, [...(neededBy.get(need) ?? []), path]);

  const affected = new Set<string>();
  const waiting = [...changed];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (affected.has(path)) continue;
    affected.add(path);
    const byRule = rules.filter(({ files }) => matchesGlob(path!, files)).flatMap(({ readers }) => readers);
    const names = [path, ...foldersAbove(path).map((folder) => `${folder}/`)];
    waiting.push(...byRule, ...names.flatMap((name) => neededBy.get(name) ?? []));
  }
  return tests.filter(
    (path) =>
      affected.has(path) || (changed.length > 0 && always.some((pattern) => matchesGlob(path, pattern))),
  );
}

/** The tree on this disk. */
export const treeHere = (): Tree => {
  const paths = treePaths().filter((path) => statSync(root + path).isFile());
  return { paths, read: (path) => readFileSync(root + path, 'utf8') };
};

/** git cannot tell what changed: one sentence says why. */
export class NoGit extends Error {
  override readonly name = 'NoGit';
}

/** Files that differ from `ref`, new ones included. Throws NoGit. */
export function changedFiles(ref: string, folder = root): string[] {
  const git = (...args: string[]): string[] => {
    const { error, status, stdout, stderr } = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
    if (error)
      throw new NoGit('--changed asks git, which is not installed here; run npm test, or name paths');
    if (status !== 0) {
      const reason = stderr.trim().split('\n')[0];
      throw new NoGit(`--changed asks git, which says: ${reason}`);
    }
    return stdout.split('\0').filter((path) => path !== '');
  };
  const differing = git('diff', '--name-only', '-z', '--no-renames', ref, '--');
  const untracked = git('ls-files', '--others', '--exclude-standard', '-z');
  return [...new Set([...differing, ...untracked])].sort();
}
