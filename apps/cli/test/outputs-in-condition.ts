// Runs calls of commands in this process, which somebody started on a full disk, under a limit on the size of
// files, or where nothing can be written: the words come as JSON on standard input, the outcomes go as JSON
// to standard output. With `--freed COMMAND`, runs that shell command afterwards and all calls once more.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { deskEnvironment } from './desk.ts';
import { type Outcome, runUntil } from './run-here.ts';
import type { Call } from './writing-call.ts';

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

function fill(file: string): void {
  const piece = new Uint8Array(4096);
  const filler = openSync(file, 'a');
  try {
    for (;;) writeSync(filler, piece);
  } catch {
    // The disk is full.
  } finally {
    closeSync(filler);
  }
}

async function runAll(jobs: readonly Job[], filler = ''): Promise<Result[]> {
  const results: Result[] = [];
  for (const { name, out, call } of jobs) {
    if (filler !== '') fill(filler);
    const outcome = await runUntil(call.words, deskEnvironment, { serves: call.serves === true });
    results.push({ name, outcome, left: filesUnder(out) });
  }
  return results;
}

if (process.argv[1] === import.meta.filename) {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  const jobs = JSON.parse(text) as Job[];
  const [filler, command = ''] = process.argv.slice(2);
  const limited = await runAll(jobs, filler);
  if (command !== '') spawnSync('sh', ['-c', command], { stdio: 'inherit' });
  const freed = command === '' ? [] : await runAll(jobs);
  process.stdout.write(JSON.stringify({ limited, freed }), () => process.exit(0));
}
