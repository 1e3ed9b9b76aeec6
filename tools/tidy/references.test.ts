// Planted violations of the rules about references.

import { expect, test } from 'vitest';
import { docsReferences, markdownLinks, specReferences } from './references.ts';

const text =
  '# Link\n\n## 1. Frames\n\n### 1.2 Length\n\n```\n# 9. not a heading\n```\n\n## Error codes, all\n';
const page = { path: 'spec/link.md', text };
const folder = 'spec'; // apart, so that this file mentions no page that does not exist

test.each([
  ['absent.md', 'a page that does not exist'],
  ['link.md section 4', 'a section that does not exist'],
  ['link.md, section 1.3', 'a subsection that does not exist'],
  ['link.md section 9', 'a number in a block of code'],
  ['link.md#nowhere', 'an anchor that does not exist'],
])('%s: %s is found', (rest) => {
  expect(specReferences([page, { path: 'a.ts', text: `// see ${folder}/${rest}.\n` }])).toHaveLength(1);
});

test.each(['link.md', 'link.md section 1', 'link.md, section 1.2', 'link.md#error-codes-all'])(
  '%s resolves',
  (rest) => {
    expect(specReferences([page, { path: 'a.ts', text: `// see ${folder}/${rest}.\n` }])).toEqual([]);
  },
);

test('a mention of a page of docs that does not exist is found', () => {
  const there = { path: 'docs/chips/a.md', text: '' };
  const mentions = (text: string) => docsReferences([there, { path: 'a.ts', text }]);
  expect(mentions('// see docs/chips/a.md and mydocs/b.md')).toEqual([]);
  expect(mentions('// see docs/b.md.')).toEqual([expect.stringContaining('docs/b.md')]);
});

test('links of Markdown that lead nowhere are found', () => {
  const body = [
    '[a](../spec/link.md) [b](../spec/link.md#1-frames) [c](https://example.org/x) [d](../spec)',
    `[e](../${folder}/absent.md)`,
    `[f](../${folder}/link.md#absent)`,
    '[g](#absent)',
    '`[h](absent.md)`',
  ].join('\n');
  expect(markdownLinks([page, { path: 'docs/a.md', text: body }])).toEqual([
    expect.stringContaining('/absent.md'),
    expect.stringContaining('link.md#absent'),
    expect.stringContaining('#absent'),
  ]);
});
