// The files of the tree that the house rules are held against: what git tracks or would track, as text;
// without git, whatever .gitignore does not name. Binary files are left out. Rules are functions of such a
// list, so that a test can plant a violation.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `path` is relative to the project's root, with forward slashes. */
export type SourceFile = { path: string; text: string };

/** A rule returns one line a violation, which begins with the path; none when the tree obeys. */
export type Rule = (files: readonly SourceFile[]) => string[];

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** As git lists them; undefined where there is no git, or the tree came without its repository. */
function pathsOfGit(): string[] | undefined {
  const args = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  return status === 0 ? stdout.split('\0') : undefined;
}

/** Every file that .gitignore leaves; only the patterns that this tree's .gitignore uses are understood. */
function pathsOnDisk(folder = root): string[] {
  const lines = readFileSync(`${folder}.gitignore`, 'utf8').split('\n');
  const patterns = lines
    .filter((line) => line !== '')
    .map((line) => line.replace(/\/$/, ''))
    // A slash at the start or inside ties a pattern to the top; without one it holds at any depth.
    .map((pattern) => (pattern.includes('/') ? pattern.replace(/^\//, '') : `**/${pattern}`));
  const isIgnored = (path: string): boolean =>
    path === '.git' || patterns.some((pattern) => matchesGlob(path, pattern));
  const walk = (below: string): string[] =>
    readdirSync(folder + below, { withFileTypes: true }).flatMap((entry) => {
      const path = below + entry.name;
      if (isIgnored(path)) return [];
      return entry.isDirectory() ? walk(`${path}/`) : [path];
    });
  return walk('').sort();
}

/** Paths of the tree's files, each once; a file that git tracks and the disk no longer has is left out. */
export function treePaths(): string[] {
  const paths = new Set(pathsOfGit() ?? pathsOnDisk());
  return [...paths].filter((path) => path !== '' && existsSync(root + path));
}

/** Reads the tree; throws when it finds nothing, since a rule over no files would pass. */
export function readTree(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const path of treePaths()) {
    const bytes = readFileSync(root + path);
    if (!bytes.includes(0)) files.push({ path, text: bytes.toString('utf8') });
  }
  if (files.length === 0) throw new Error('the tree has no file');
  return files;
}

/** Line by line with comment lines blanked: enough for rules about statements, which begin a line. */
export function codeLines(text: string): string[] {
  let inBlock = false;
  return text.split('\n').map((line) => {
    const start = line.trimStart();
    const isComment = inBlock || start.startsWith('//') || start.startsWith('/*');
    if (inBlock ? line.includes('*/') : start.startsWith('/*')) inBlock = !line.includes('*/');
    return isComment ? '' : line;
  });
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.includes('/test/');
