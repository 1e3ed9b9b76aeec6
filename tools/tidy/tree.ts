// The files of the tree that the house rules are held against: what git tracks or would track, as text.
// Binary files are left out. Rules are functions of such a list, so that a test can plant a violation.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `path` is relative to the project's root, with forward slashes. */
export type SourceFile = { path: string; text: string };

/** A rule returns one line a violation, which begins with the path; none when the tree obeys. */
export type Rule = (files: readonly SourceFile[]) => string[];

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Reads the tree; throws when git cannot list it, since a rule over no files would pass. */
export function readTree(): SourceFile[] {
  const args = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 << 20 }).split('\0');
  const files: SourceFile[] = [];
  for (const path of new Set(paths)) {
    if (path === '' || !existsSync(root + path)) continue;
    const bytes = readFileSync(root + path);
    if (!bytes.includes(0)) files.push({ path, text: bytes.toString('utf8') });
  }
  if (files.length === 0) throw new Error('git lists no file');
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
