import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chipIds, findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { generateChipTable } from './chip-table.ts';

const text = generateChipTable().get('docs/chips.md')!;

test('docs/chips.md is what the catalogue generates', () => {
  const path = fileURLToPath(new URL('../../docs/chips.md', import.meta.url));
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('every unverified source stands there with its reason, and no verified one', () => {
  const listed = text.split('\n').filter((line) => line.startsWith('- '));
  const sources = chipIds().flatMap((id) => Object.values(findChip(id).sources));
  expect(listed).toHaveLength(sources.filter(({ unverified }) => unverified).length);
  for (const { unverified, reason } of sources) if (unverified) expect(text).toContain(reason);
});
