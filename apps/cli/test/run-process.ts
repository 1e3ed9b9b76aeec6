// Runs a command line as a process of its own, for what a test's own process cannot have: another clock,
// another disk.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './run-here.ts';

export const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** `environment`: besides that of this process. */
export async function runProcess(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [mainFile, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status: status ?? -1, stdout, stderr };
}

const library = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0] ?? '';

/** An environment whose clock is turned: `+9y`, `-2d`. Waiting takes as long as ever. */
export const turned = (by: string): Readonly<Record<string, string>> => ({
  ...{ LD_PRELOAD: library, FAKETIME: by, DONT_FAKE_MONOTONIC: '1' },
});
