// Planted violations of the rules about the agent's core.

import { expect, test } from 'vitest';
import { coreCalls, coreIncludes, definedNames } from './c-imports.ts';
import { circlesOf } from './graph.ts';
import { readTree, type SourceFile } from './tree.ts';

const file = (name: string, text: string): SourceFile => ({ path: `device/agent/core/${name}`, text });

test('circles are found, and nothing else is', () => {
  const graph = new Map(
    Object.entries({ a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: [], f: ['f'] }).map(
      ([node, targets]) => [node, new Set(targets)],
    ),
  );
  expect(circlesOf(graph)).toEqual([['a', 'b', 'c'], ['f']]);
});

test('what a source defines for others: functions and variables, not its own and not declarations', () => {
  const text = [
    '#define FS_X(a) void fs_macro(void) { a; }',
    '/* fs_result fs_comment(void) { */',
    'fs_state fs_now;',
    'const fs_range fs_slots[FS_COUNT] = {{1, 2}};',
    'static uint32_t mine;',
    'fs_result __attribute__((noinline)) fs_one(const uint8_t *a,',
    '                                           uint32_t b) {',
    '  return fs_other(a);',
    '}',
    'uint8_t *fs_two(void) { return 0; }',
    'static void own(void) {}',
    'fs_result fs_declared(void);',
    'FS_STATIC_ASSERT(sizeof(fs_state) == 4);',
  ].join('\n');
  expect(definedNames(text).sort()).toEqual(['fs_now', 'fs_one', 'fs_slots', 'fs_two']);
});

test('an include that closes a circle is found, in a header or in a source', () => {
  const files = [
    file('fs_a.h', '#include "fs_b.h"\n'),
    file('fs_a.c', '#include "fs_a.h"\n'),
    file('fs_b.h', ''),
    file('fs_b.c', '#include "fs_b.h"\n#include "fs_c.h"\n'),
    file('fs_c.h', ''),
  ];
  expect(coreIncludes(files)).toEqual([]);
  const closed = [...files, file('fs_c.c', '#include "fs_c.h"\n#include "fs_a.h"\n')];
  expect(coreIncludes(closed)).toEqual([expect.stringContaining('fs_a, fs_b, fs_c')]);
});

test('a call that closes a circle past the headers is found', () => {
  const files = [
    file('fs_link.c', 'void fs_link_pending(uint32_t ms) { fs_frame_send(ms); }\n'),
    file('fs_frame.c', 'void fs_frame_send(uint32_t a) { }\n'),
  ];
  expect(coreCalls(files)).toEqual([]);
  const closed = [
    files[0]!,
    file('fs_frame.c', 'void fs_frame_send(uint32_t a) {\n  fs_link_pending(a);\n}\n'),
  ];
  expect(coreCalls(closed)).toEqual([expect.stringContaining('fs_frame, fs_link')]);
});

test('the definitions of the core itself are found: one for each function that a header declares', () => {
  const tree = readTree().filter(({ path }) => path.startsWith('device/agent/core/'));
  const defined = new Set(
    tree.filter(({ path }) => path.endsWith('.c')).flatMap(({ text }) => definedNames(text)),
  );
  const ports = ['fs_port.h', 'fs_crypto.h'];
  const declared = tree
    .filter(({ path }) => path.endsWith('.h') && !ports.some((port) => path.endsWith(port)))
    .flatMap(({ text }) => [...text.matchAll(/^(?!typedef|#|static)[a-z][\w *]*?\b(fs_\w+)\(/gm)])
    .map(([, name]) => name!);
  expect(declared.length).toBeGreaterThan(100);
  expect(declared.filter((name) => !defined.has(name))).toEqual([]);
  for (const variable of ['fs_now', 'fs_session', 'fs_flow']) expect(defined).toContain(variable);
});
