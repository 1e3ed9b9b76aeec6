// Runs the commands of a page as they are printed: every command a process of its own, over TCP. Where the
// system allows, in a network of its own, so that the ports that the page names are free.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The first fenced block of shell under the heading. */
export function readBlock(page: string, heading: string): string {
  const text = readFileSync(join(root, page), 'utf8');
  return /```sh\n([\s\S]*?)```/.exec(text.split(heading)[1] ?? '')?.[1] ?? '';
}

/** Words that start a shell with a network of its own, or none where that is not allowed. */
function ownNetwork(): string[] {
  const words = ['unshare', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const probe = spawnSync(words[0]!, [...words.slice(1), 'true']);
  return probe.status === 0 ? words : [];
}

/** Runs the block in `folder`/work, whose files are there already; gives what it printed and its status. */
export function runBlock(
  block: string,
  { folder, timeoutMs }: { folder: string; timeoutMs: number },
): { output: string; status: number | null } {
  mkdirSync(join(folder, 'bin'));
  const command = join(folder, 'bin', 'firmseal');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${root}apps/cli/src/main.ts" "$@"\n`);
  chmodSync(command, 0o755);
  const script = join(folder, 'block.sh');
  writeFileSync(script, `set -e -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${block}`);
  const [program, ...words] = [...ownNetwork(), 'bash', script];
  const { stdout, stderr, status } = spawnSync(program!, words, {
    cwd: join(folder, 'work'),
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  return { output: stdout + stderr, status };
}
