// Runs one libFuzzer target from its seeds. What was found before stays in .cache/agent/fuzz
// and is where the next run starts.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../device/agent/toolchain/cache.ts';
import type { Weakening } from '../../device/agent/toolchain/defences.ts';
import { buildTarget } from './build-target.ts';
import { type FuzzTarget, seedsOf } from './seeds.ts';

/**
 * Longest input of each: no longer than it needs, for speed; an install of a small
 * package fits into the last two.
 */
const longestBytes: Record<FuzzTarget, number> = {
  fuzz_cbor: 512,
  fuzz_frame: 700,
  fuzz_authority: 800,
  fuzz_package: 1500,
  fuzz_license: 1500,
  fuzz_record: 5000,
  fuzz_personalize: 1600,
  fuzz_line: 12_000,
  fuzz_usb: 10_000,
};

export type FuzzLimit = { runs: number } | { seconds: number };

export interface TargetReport {
  readonly target: FuzzTarget;
  readonly passed: boolean;
  /** Inputs executed, those of the mutator's own trials not counted. */
  readonly executions: number;
  readonly corpus: number;
  /** libFuzzer's last words, when it did not pass. */
  readonly output: string;
}

/** The folder of inputs that a target has found, with its seeds put in. */
export function corpusOf(target: FuzzTarget, home = join(cacheFolder(), 'fuzz')): string {
  const corpus = join(home, target);
  mkdirSync(corpus, { recursive: true });
  const seeds = seedsOf(target);
  if (seeds.length === 0) throw new Error(`no seeds for ${target}`);
  for (const seed of seeds) {
    const name = createHash('sha1').update(seed).digest('hex');
    writeFileSync(join(corpus, name), seed);
  }
  return corpus;
}

/**
 * Runs the program on the corpus; a target that crashes leaves its input beside the corpus. For tests: a
 * corpus in another folder, and a defence taken away.
 */
export function runTarget(
  target: FuzzTarget,
  limit: FuzzLimit,
  { home, weakening }: { home?: string; weakening?: Weakening } = {},
): TargetReport {
  const program = buildTarget(target, 'sanitizers', weakening);
  const corpus = corpusOf(target, home);
  const until = 'runs' in limit ? `-runs=${limit.runs}` : `-max_total_time=${limit.seconds}`;
  const args = [until, `-max_len=${longestBytes[target]}`, '-timeout=10', '-print_final_stats=1'];
  const run = spawnSync(program, [...args, `-artifact_prefix=${corpus}-`, corpus], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' },
  });
  if (run.error) throw run.error;
  const executions = Number(/number_of_executed_units: (\d+)/.exec(run.stderr)?.[1] ?? 0);
  return {
    target,
    passed: run.status === 0 && executions > 0,
    executions,
    corpus: readdirSync(corpus).length,
    output: run.stderr.split('\n').slice(-60).join('\n'),
  };
}

/** Keeps of the corpus what covers all that the whole of it covers. */
export function minimize(target: FuzzTarget): void {
  const program = buildTarget(target, 'sanitizers');
  const corpus = corpusOf(target);
  const smaller = `${corpus}-smaller`;
  rmSync(smaller, { recursive: true, force: true });
  mkdirSync(smaller);
  const { status, stderr } = spawnSync(program, ['-merge=1', smaller, corpus], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`merging the corpus of ${target} failed: ${stderr.slice(-2000)}`);
  for (const name of readdirSync(corpus))
    if (!readdirSync(smaller).includes(name)) rmSync(join(corpus, name));
  rmSync(smaller, { recursive: true, force: true });
}
