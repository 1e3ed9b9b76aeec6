// Runs calls of commands in this process, which somebody started on a full disk, under a limit on the size of
// files, or where nothing can be written: the words come as JSON on standard input, the outcomes go as JSON to
// standard output. With `--freed COMMAND`, runs that shell command afterwards and all calls once more.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { deskEnvironment } from './desk.ts';
import { type Outcome, runUntil } from './run-here.ts';
import type { Call } from './writing-commands.ts';

export interface Job {
  readonly name: string;
  readonly out: string;
  readonly call: Call;
}

export interface Result {
  readonly name: string;
  readonly outcome: Outcome;
  /** Everything in `out` afterwards. */
  readonly left: readonly string[];
}

export const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort();

async function runAll(jobs: readonly Job[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, out, call } of jobs) {
    const outcome = await runUntil(call.words, deskEnvironment, { serves: call.serves === true });
    results.push({ name, outcome, left: filesUnder(out) });
  }
  return results;
}

if (process.argv[1] === import.meta.filename) {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  const jobs = JSON.parse(text) as Job[];
  const limited = await runAll(jobs);
  const [flag, command] = process.argv.slice(2);
  if (flag === '--freed') spawnSync('sh', ['-c', command!], { stdio: 'inherit' });
  const freed = flag === '--freed' ? await runAll(jobs) : [];
  process.stdout.write(JSON.stringify({ limited, freed }), () => process.exit(0));
}
