// The README's walk, executed as it is printed: every command a process of its own, over TCP. Where the
// system allows, in a network of its own, so that the ports that the README names are free; elsewhere
// with other ports in their place.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programPath } from './bare-system.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The fenced block under the heading of the walk. */
export function readWalk(): string {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const section = text.split('## A walk through it, command by command')[1] ?? '';
  return /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
}

/** Words that start a program in a network of its own; none where that is not allowed. */
function ownNetwork(): string[] {
  try {
    const up = `"${programPath('ip')}" link set lo up && exec "$@"`;
    const words = [programPath('unshare'), '--map-root-user', '--net', programPath('sh'), '-c', up, 'sh'];
    return spawnSync(words[0]!, [...words.slice(1), programPath('true')]).status === 0 ? words : [];
  } catch {
    return [];
  }
}

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

const portOf = (server: Server): number => (server.address() as { port: number }).port;

/** The first of two neighbouring ports that are free now. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = (await listen(0))!;
    const second = await listen(portOf(first) + 1);
    const port = portOf(first);
    first.close();
    second?.close();
    if (second !== undefined) return port;
  }
}

/** The walk with free ports in the place of those that it names: 4001 and 5001 with their next, and 7443. */
async function withFreePorts(walk: string): Promise<string> {
  const [probe, link, authority] = [await freePorts(), await freePorts(), await freePorts()];
  const ports = new Map<string, string>([
    ['4001', `${probe}`],
    ['4002', `${probe + 1}`],
    ['5001', `${link}`],
    ['5002', `${link + 1}`],
    ['7443', `${authority}`],
  ]);
  // Where the walk does not name the authority's port, the desk is told it.
  return walk
    .replace('firmseal init ', 'firmseal init --authority-url http://127.0.0.1:7443 ')
    .replace(/\b(?:400[12]|500[12]|7443)\b/g, (port) => ports.get(port)!);
}

/**
 * Runs the walk in a new folder `work` with that PATH and HOME, and nothing else in the environment. Returns
 * what it printed and its exit code.
 */
export async function runWalk(place: {
  work: string;
  path: string;
  home: string;
}): Promise<{ output: string; status: number | null }> {
  mkdirSync(place.work);
  copyFileSync(join(root, 'examples/stm32f427-panel/panel.elf'), join(place.work, 'panel.elf'));
  const network = ownNetwork();
  const walk = network.length > 0 ? readWalk() : await withFreePorts(readWalk());
  const script = join(place.home, 'walk.sh');
  writeFileSync(script, `set -e -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${walk}`);
  const [program, ...words] = [...network, programPath('bash'), script];
  const { stdout, stderr, status } = spawnSync(program!, words, {
    cwd: place.work,
    env: { PATH: place.path, HOME: place.home },
    encoding: 'utf8',
    timeout: 500_000,
  });
  return { output: stdout + stderr, status };
}
