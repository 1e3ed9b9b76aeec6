// Runs the command line as a process of its own, as a user or a script would.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));

export interface CliOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runCli(words: readonly string[], environment: Record<string, string> = {}): CliOutcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

/** Standard output as JSON lines; throws when a line is none. */
export function jsonLines({ stdout }: CliOutcome): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
