// Planted violations of the rule about generated files.

import { expect, test } from 'vitest';
import { compareGenerated, generatedFiles, generatorsListed } from './generated.ts';
import { readTree } from './tree.ts';

test('a generated file that was edited, or is missing, is named', () => {
  const outputs = new Map([
    ['docs/a.md', 'one\n'],
    ['docs/b.md', 'two\n'],
    ['docs/c.md', 'three\n'],
  ]);
  const files = [
    { path: 'docs/a.md', text: 'one\n' },
    { path: 'docs/b.md', text: 'two, edited\n' },
  ];
  expect(compareGenerated(files, outputs).map((line) => line.split(':')[0])).toEqual([
    'docs/b.md',
    'docs/c.md',
  ]);
});

test('the table of errors is among the generated files', () => {
  const edited = readTree().map((file) => ({ ...file, text: `${file.text}\n` }));
  expect(generatedFiles(edited).join('\n')).toContain('packages/fault/src/table.ts');
});

test('a generator that is not in the list is found', () => {
  const list = {
    path: 'tools/generate/generators.ts',
    text: "import { generateB } from './b.ts';\nexport const generators = {\n  'a': generateA,\n};\n",
  };
  const files = [
    list,
    { path: 'tools/generate/a.ts', text: 'export function generateA() {}\n' },
    { path: 'tools/generate/b.ts', text: 'export function generateB() {}\n' },
  ];
  expect(generatorsListed(files)).toEqual([expect.stringContaining('generateB is not in')]);
});
