// How much of the parsers the corpora reach, by clang's source-based coverage: regions of the files
// that read what comes from outside. Left out are regions that no input can reach; each kind of
// them is named here with its reason.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from '../../device/agent/toolchain/cache.ts';
import { buildTarget } from './build-target.ts';
import { corpusOf } from './run-target.ts';
import { fuzzTargets } from './seeds.ts';

/** Files of core/ that read bytes of a host, a package, a license or a USB request. */
const parserFiles: readonly string[] = [
  ...['fs_cbor.c', 'fs_cbor_check.c', 'fs_cose.c', 'fs_delegation.c', 'fs_manifest.c', 'fs_area.c'],
  ...['fs_policy.c', 'fs_package.c', 'fs_license.c', 'fs_hpke.c', 'fs_record.c', 'fs_frame.c', 'fs_link.c'],
  ...['fs_personalize.c', 'fs_download.c', 'fs_usb.c', 'fs_usb_descriptors.c', 'fs_usb_frames.c', 'fs_dfu.c'],
];

/** A region that no input reaches: by the text of the line that it begins in. */
const unreachable: readonly { text: RegExp; why: string }[] = [
  {
    text: /FS_ERR_INTERNAL_CHECK_FAILED/,
    why: 'second readings and cross-checks: they fail only when the processor does',
  },
];

type Region = readonly [number, number, number, number, number, number, number, number];
type Export = { data: { functions: { filenames: string[]; regions: Region[] }[] }[] };
const [codeRegion, expansionRegion] = [0, 1];

interface Missed {
  /** Line of the file; of a macro's regions the line that uses it. */
  readonly line: number;
  readonly text: string;
}

export interface FileCoverage {
  readonly file: string;
  readonly regions: number;
  readonly reached: number;
  /** Not counted: unreachable. */
  readonly leftOut: number;
  readonly missed: readonly Missed[];
}

function run(program: string, args: readonly string[], environment: Record<string, string> = {}): string {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 29,
    env: { ...process.env, ...environment },
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} failed: ${done.stderr.slice(-2000)}`);
  return done.stdout;
}

/** Runs every corpus through its target and gives llvm-cov's account of it. */
function exportCoverage(): Export {
  const folder = mkdtempSync(join(cacheFolder(), 'coverage-'));
  try {
    const programs = fuzzTargets.map((target) => buildTarget(target, 'coverage'));
    const profiles = fuzzTargets.map((target, i) => {
      const profile = join(folder, `${target}.profraw`);
      run(programs[i]!, ['-runs=0', corpusOf(target)], { LLVM_PROFILE_FILE: profile });
      return profile;
    });
    const merged = join(folder, 'all.profdata');
    run('llvm-profdata', ['merge', '--sparse', '-o', merged, ...profiles]);
    const objects = programs.slice(1).flatMap((program) => ['--object', program]);
    return JSON.parse(run('llvm-cov', ['export', `--instr-profile=${merged}`, programs[0]!, ...objects]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lines = new Map<string, string[]>();
function lineOf(file: string, line: number): string {
  let text = lines.get(file);
  if (text === undefined) {
    text = readFileSync(file, 'utf8').split('\n');
    lines.set(file, text);
  }
  return (text[line - 1] ?? '').trim();
}

interface Counted extends Missed {
  /** Text of the region's own line, in the macro where it is one. */
  readonly own: string;
  readonly reached: boolean;
}

/** Code regions of one function as clang numbers them, each with the line of the file that it comes from. */
function regionsOf(filenames: readonly string[], all: readonly Region[]): Counted[] {
  const usedAt = new Map<number, Region>();
  for (const region of all) if (region[7] === expansionRegion) usedAt.set(region[6], region);
  const source = filenames[0]!;
  return all
    .filter((region) => region[7] === codeRegion)
    .map((region) => {
      let user = region;
      while (filenames[user[5]] !== source && usedAt.has(user[5])) user = usedAt.get(user[5])!;
      return {
        line: user[0],
        text: lineOf(source, user[0]),
        own: lineOf(filenames[region[5]]!, region[0]),
        reached: region[4] > 0,
      };
    });
}

/** One row a file, in the order of `parserFiles`. */
export function measureCoverage(): FileCoverage[] {
  const functions = exportCoverage().data.flatMap((one) => one.functions);
  return parserFiles.map((file) => {
    const regions = new Map<string, Counted>();
    for (const { filenames, regions: all } of functions) {
      if (basename(filenames[0]!) !== file) continue;
      // Each program has its own record of a function: what any of them reached is reached.
      for (const [index, region] of regionsOf(filenames, all).entries()) {
        const key = `${all[0]!.slice(0, 4).join()}/${index}`;
        if (region.reached || !regions.has(key)) regions.set(key, region);
      }
    }
    const counted = [...regions.values()];
    const isUnreachable = ({ text, own }: Counted) =>
      unreachable.some((one) => one.text.test(text) || one.text.test(own));
    const leftOut = counted.filter((region) => !region.reached && isUnreachable(region));
    const missed = counted.filter((region) => !region.reached && !isUnreachable(region));
    const total = counted.length - leftOut.length;
    return { file, regions: total, reached: total - missed.length, leftOut: leftOut.length, missed };
  });
}
