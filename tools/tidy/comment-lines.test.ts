// Planted violations of the rule about lines of comments, and what wrapping makes of them.

import { describe, expect, test } from 'vitest';
import { commentLineLength, wrapComments } from './comment-lines.ts';

const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ');
const found = (path: string, text: string) => commentLineLength([{ path, text }]).length;

describe('a comment line of more than 110 characters is found', () => {
  test.each([
    ['a.ts', `// ${words(22)}\n`],
    ['a.tsx', `  /** ${words(22)} */\n`],
    ['a.c', `/* short\n * ${words(22)} */\n`],
    ['a.h', `/*\n   ${words(22)}\n*/\n`],
    ['a.mjs', `call();\n  // ${words(22)}\n`],
    ['a.py', `# ${words(22)}\n`],
    ['a.sh', `#!/bin/sh\n# ${words(22)}\n`],
  ])('%s: %s', (path, text) => {
    expect(found(path, text)).toBe(1);
  });

  test('of 111, and not of 110', () => {
    expect(found('a.ts', `// ${'x'.repeat(107)}\n`)).toBe(0);
    expect(found('a.ts', `// ${'x'.repeat(108)}\n`)).toBe(1);
  });

  test('code, addresses, lines for tools and other files are not', () => {
    expect(found('a.ts', `const a = '${words(30)}';\n`)).toBe(0);
    expect(found('a.ts', `call(); // ${words(30)}\n`)).toBe(0);
    expect(found('a.ts', `// see https://example.org/${'x'.repeat(120)}\n`)).toBe(0);
    expect(found('a.ts', `// biome-ignore format: ${words(30)}\n`)).toBe(0);
    expect(found('a.sh', `#!/bin/sh ${words(30)}\n`)).toBe(0);
    expect(found('a.c', `#define A ${words(30)}\n`)).toBe(0);
    expect(found('a.md', `# ${words(30)}\n`)).toBe(0);
  });
});

describe('wrapping', () => {
  const wrap = (...lines: string[]) => wrapComments(lines.join('\n'), 'slashes').split('\n');

  test('fills the paragraph from the long line on, and nothing else', () => {
    const before = `// ${words(21)}`;
    const lines = wrap(
      before,
      `// ${words(30)}`,
      `// ${words(18)}`,
      '//',
      '// next',
      `code('// ${words(30)}');`,
    );
    expect(lines[0]).toBe(before);
    expect(lines.slice(-3)).toEqual(['//', '// next', `code('// ${words(30)}');`]);
    expect(lines.every((line) => line.length <= 110 || line.startsWith('code'))).toBe(true);
    expect(lines.join(' ').match(/word/g)).toHaveLength(21 + 30 + 18 + 30);
  });

  test('a documentation comment on one line becomes one of several', () => {
    const lines = wrap(`  /** ${words(25)} */`);
    expect(lines[0]).toBe('  /**');
    expect(lines.at(-1)).toBe('   */');
    expect(lines.slice(1, -1).every((line) => line.startsWith('   * word'))).toBe(true);
  });

  test('a comment of C goes on under its star, and keeps its end', () => {
    const lines = wrap(`/* ${words(25)}`, ` * ${words(15)} */`);
    expect(lines.slice(1).every((line) => line.startsWith(' * '))).toBe(true);
    expect(lines.at(-1)).toMatch(/ \*\/$/);
  });

  test('the lines of a list entry hang under its text', () => {
    expect(wrap(`// - ${words(25)}`, '// - next')[1]).toMatch(/^\/\/ {3}word/);
  });

  test('code in backticks stays on one line, and the last line has more than a word', () => {
    expect(wrap(`// ${words(20)} \`a b c d e\` ${words(8)}`).join('\n')).toContain('`a b c d e`');
    expect(wrap(`// ${words(22)}`).at(-1)!.length).toBeGreaterThan(25);
  });

  test.each([
    ['columns', `// name  ${words(25)}`],
    ['a table', `// | a | ${words(25)} |`],
    ['a comment before code', `/* why */ call('${words(25)}');`],
  ])('%s stay as they are', (_, line) => {
    expect(wrap(line)).toEqual([line]);
  });
});
