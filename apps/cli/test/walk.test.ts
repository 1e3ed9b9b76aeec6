// The README's walk, executed as it is printed: every command a process of its own, over TCP. Where the
// system allows, in a network of its own, so that the ports that the README names are free.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-walk-'));

/** The fenced block under the heading of the walk. */
function readWalk(): string {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const section = text.split('## A walk through it, command by command')[1] ?? '';
  return /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
}

/** Words that start a shell with a network of its own, or none where that is not allowed. */
function ownNetwork(): string[] {
  const words = ['unshare', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const probe = spawnSync(words[0]!, [...words.slice(1), 'true']);
  return probe.status === 0 ? words : [];
}

let output = '';
let status: number | null = null;

beforeAll(() => {
  const command = join(folder, 'bin-firmseal');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${root}apps/cli/src/main.ts" "$@"\n`);
  chmodSync(command, 0o755);
  execFileSync('mkdir', [join(folder, 'bin'), join(folder, 'work')]);
  execFileSync('mv', [command, join(folder, 'bin', 'firmseal')]);
  copyFileSync(join(root, 'examples/stm32f427-panel/panel.elf'), join(folder, 'work', 'panel.elf'));
  const script = join(folder, 'walk.sh');
  writeFileSync(script, `set -e -m\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${readWalk()}`);
  const [program, ...words] = [...ownNetwork(), 'bash', script];
  const run = spawnSync(program!, words, {
    cwd: join(folder, 'work'),
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    encoding: 'utf8',
    timeout: 100_000,
  });
  output = run.stdout + run.stderr;
  status = run.status;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the README's walk", () => {
  it('is there', () => {
    expect(readWalk()).toContain('firmseal install panel.seal');
  });

  it('runs to its end', () => {
    expect(status, output).toBe(0);
  });

  it('installs on both chips with verified receipts, and the audit finds no contradiction', () => {
    expect(output.match(/receipt verified, stored by the authority/g)).toHaveLength(2);
    expect(output.match(/#RESULT:\d:#OK/g)).toHaveLength(2);
    expect(output).toContain('audit: no contradiction');
  });

  it('prints no passphrase and no token', () => {
    const token = readFileSync(join(folder, 'work', 'desk', 'line.token'), 'utf8').trim();
    expect(output).not.toContain(token);
    const passphrase = /FIRMSEAL_PASSPHRASE='(.+)'/.exec(readWalk())![1]!;
    expect(output).not.toContain(passphrase);
  });
});
