// Marks are found and their statements replaced; and every mark of the agent's C is used by a test.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './cache.ts';
import { defencesIn, weakened } from './defences.ts';

const one = (text: string, instead = 'X;') => weakened(new Map([['a.c', text]]), { it: instead }).get('a.c');

describe('what stands at a mark is replaced', () => {
  test.each([
    ['a statement', '/* Defence it */\n  call(a);\n  next();', '/* Defence it */\n  X;\n  next();'],
    ['one with a reason', '/* Defence it: since. */ call(";");b;', '/* Defence it: since. */ X;b;'],
    ['one over lines', '/* Defence it */\n  A(b == (c),\n    d);\n  e;', '/* Defence it */\n  X;\n  e;'],
    ['a loop', '/* Defence it */\nfor (i = 0; i < 2; i++) a[i] = b;\nc;', '/* Defence it */\nX;\nc;'],
    ['a block', '/* Defence it */\nswitch (a) {\n  case 1: b;\n}\nc;', '/* Defence it */\nX;\nc;'],
    ['a directive', '/* Defence it */\n#define A(b) \\\n  b\nc;', '/* Defence it */\nX;\nc;'],
    [
      'in a macro',
      '#define A \\\n  /* Defence it */ \\\n  b;  \\\n  c;',
      '#define A \\\n  /* Defence it */ \\\n  X;  \\\n  c;',
    ],
  ])('%s', (_, text, expected) => {
    expect(one(text)).toBe(expected);
  });

  test('at every place of that name, and at no other', () => {
    expect(one('/* Defence it */ a; /* Defence its */ b; /* Defence it */ c;', '')).toBe(
      '/* Defence it */  /* Defence its */ b; /* Defence it */ ',
    );
  });

  test('in the files that mark it; an unknown name is refused', () => {
    const sources = new Map([
      ['a.c', 'a;'],
      ['b.c', '/* Defence it */ b;'],
    ]);
    expect([...weakened(sources, { it: '' })]).toEqual([['b.c', '/* Defence it */ ']]);
    expect(() => weakened(sources, { other: '' })).toThrow('other');
  });
});

test('every mark of the agent is taken out by a test, and every test takes out a mark', () => {
  const filesOf = (folder: string, kind: RegExp) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => kind.test(name) && !name.includes('node_modules'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8'));
  const marked = new Set(
    ['core', 'port'].flatMap((part) => filesOf(`device/agent/${part}`, /\.[chS]$/)).flatMap(defencesIn),
  );
  expect(marked.size).toBeGreaterThan(20);
  const tests = ['device/agent/test', 'lab', 'apps/cli/test']
    .flatMap((folder) => filesOf(folder, /\.ts$/))
    .join('\n');
  expect([...marked].filter((name) => !tests.includes(`'${name}'`))).toEqual([]);
});
