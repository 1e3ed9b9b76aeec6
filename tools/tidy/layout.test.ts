// Planted violations of the rules about the table of layers and docs/layout.md.

import { expect, test } from 'vitest';
import { layersExist, layoutPage } from './layout.ts';
import { readTree } from './tree.ts';

const tree = readTree();
const without = (path: string) => tree.filter((file) => file.path !== path);
const changed = (from: string, to: string) =>
  tree.map((file) =>
    file.path === 'docs/layout.md' ? { ...file, text: file.text.replace(from, to) } : file,
  );

test('a package of the table that does not exist, and one that the table lacks, are found', () => {
  expect(layersExist(without('packages/hpke/package.json'))).toEqual([
    expect.stringContaining('hpke does not exist'),
  ]);
  expect(layersExist([...tree, { path: 'packages/novelty/package.json', text: '{}' }])).toEqual([
    expect.stringContaining('packages/novelty: is not in'),
  ]);
});

test.each([
  ['a package in no row', 'audit, programmer', 'authority'],
  ['a package in a wrong place', '| crypto | crypto |', '| crypto | crypto, hpke |'],
  ['a folder that is not shown', '| `lab` |', '| laboratory |'],
  ['a folder that is not there', '| `lab` |', '| `lab` |\n| `attic` |'],
])('%s is found on the page', (_, from, to) => {
  expect(layoutPage(tree)).toEqual([]);
  expect(layoutPage(changed(from, to))).toHaveLength(1);
});

test('a page that is missing is found', () => {
  expect(layoutPage(without('docs/layout.md'))).toHaveLength(1);
});
