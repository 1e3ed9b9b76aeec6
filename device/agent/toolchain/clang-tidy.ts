// clang-tidy over C sources of the agent, with the checks of device/agent/.clang-tidy; through the cache,
// since what did not change has no new findings.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bearsslFolder } from './bearssl.ts';
import { cached, hashOf, headersHash, root } from './cache.ts';
import type { Target } from './targets.ts';

const configuration = join(root, 'device/agent/.clang-tidy');
/** Debian's newlib, for string.h and stdint.h as the Arm compiler has them. */
const newlib = '/usr/include/newlib';

function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { error, status, stdout, stderr } = spawnSync('clang-tidy', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw new Error(`clang-tidy is not installed: ${error.message}`);
  return { status, stdout, stderr };
}

let knownVersion: string | undefined;
function version(): string {
  knownVersion ??= run(['--version']).stdout;
  return knownVersion;
}

/** What a file is compiled with on a target, as clang says it. */
function flagsOf(target: Target): string[] {
  const bearssl = bearsslFolder();
  return [
    ...['--target=arm-none-eabi', `-mcpu=${target.cpu}`, '-mthumb', '-std=c11', '-Wall', '-Wextra'],
    ...target.includes.flatMap((include) => ['-I', include]),
    ...['-isystem', newlib, '-isystem', join(bearssl, 'inc'), '-isystem', join(bearssl, 'src')],
    target.arithmetic === 'm15' ? '-DFS_BEARSSL_M15' : '-DFS_BEARSSL_M31',
  ];
}

/**
 * Findings on sources of a target, in one run; empty when clang-tidy finds nothing.
 * Throws when one does not compile.
 */
export function tidyFindings(sources: readonly string[], target: Target): string {
  const flags = flagsOf(target);
  const headers = hashOf(...target.includes.map(headersHash));
  const texts = sources.map((source) => hashOf(source, readFileSync(source)));
  const key = hashOf(version(), readFileSync(configuration), ...texts, headers, flags.join('\0'));
  const folder = cached(`tidy-${key.slice(0, 24)}`, (temporary) => {
    const { status, stdout, stderr } = run([
      ...['--quiet', `--config-file=${configuration}`, ...sources, '--'],
      ...flags,
    ]);
    if (status !== 0 && stdout.trim() === '') throw new Error(stderr);
    writeFileSync(join(temporary, 'findings'), status === 0 ? '' : stdout);
  });
  return readFileSync(join(folder, 'findings'), 'utf8');
}
