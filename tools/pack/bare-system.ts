// What a user's machine has when README's demands are met and nothing else: Node, npm, a shell and the tools
// of Debian's coreutils. A folder of links to them is the whole PATH.

import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// npm and the launcher are found by `env`; the walk of the README needs the rest.
const coreutils = ['env', 'cat', 'ls', 'mkdir', 'rm', 'cp', 'mv', 'chmod', 'dirname', 'basename'];
const more = ['readlink', 'uname', 'id', 'sleep', 'true', 'head', 'tail', 'sort', 'wc'];

/** Where a program lies in this process's PATH, links followed; this tree's own programs apart. */
export function programPath(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((one) => !one.includes('node_modules'));
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not in PATH`);
  return realpathSync(found);
}

/** Makes the folder, and returns it: a PATH with the Node that runs this, npm, sh, bash and coreutils. */
export function makeBarePath(folder: string): string {
  mkdirSync(folder, { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const name of ['npm', 'npx', 'sh', 'bash', ...coreutils, ...more])
    symlinkSync(programPath(name), join(folder, name));
  return folder;
}
