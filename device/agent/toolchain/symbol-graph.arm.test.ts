// The files of the core need each other in no circle, as compiled code shows it: a file needs another
// one when its object names a function or a variable that the other object defines.
// tools/tidy/c-imports.ts shows the same by text.

import { execFileSync } from 'node:child_process';
import { basename } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { circlesOf, type Graph } from '../../../tools/tidy/graph.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { bearsslMissing } from './bearssl.ts';
import type { CompiledObject } from './compile.ts';
import { targetOf } from './targets.ts';
import { buildAgent } from './thumb.ts';

const missing = hasTool('arm-none-eabi-gcc') ? bearsslMissing() : 'arm-none-eabi-gcc is not installed';
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

/** Symbols that an object defines for others, and those that it needs. */
function symbolsOf(path: string): { defined: string[]; needed: string[] } {
  const rows = execFileSync('arm-none-eabi-nm', ['--format=posix', '--extern-only', path], {
    encoding: 'utf8',
  });
  const named = rows.split('\n').map((row) => row.split(' '));
  const ofType = (isUndefined: boolean) =>
    named.filter(([, type]) => type !== undefined && (type === 'U') === isUndefined).map(([name]) => name!);
  return { defined: ofType(false), needed: ofType(true) };
}

/** From a file of the core to the files that it needs. */
function coreGraph(objects: readonly CompiledObject[]): Graph {
  const core = objects
    .filter(({ source }) => source.includes('/agent/core/'))
    .map(({ source, path }) => ({ name: basename(source), ...symbolsOf(path) }));
  const homes = new Map(core.flatMap(({ name, defined }) => defined.map((symbol) => [symbol, name])));
  return new Map(
    core.map(({ name, needed }) => {
      const files = needed.map((symbol) => homes.get(symbol)).filter((home) => home !== undefined);
      return [name, new Set(files)];
    }),
  );
}

/** With a random generator, and without: the core differs. */
it.each(['stm32f427', 'stm32g0b1'])('%s: no circle', (chipId) => {
  const graph = coreGraph(buildAgent(targetOf(chipId)).objects);
  expect(graph.get('fs_install.c')).toContain('fs_journal.c');
  expect(graph.get('fs_license.c')).toContain('fs_pending.c');
  expect(circlesOf(graph)).toEqual([]);
});
