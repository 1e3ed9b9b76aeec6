import { chipIds, findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { generateChipTable } from './chip-table.ts';

const pages = generateChipTable();

test('every chip has its page, and its row on the overview leads there', () => {
  const overview = pages.get('docs/chips.md')!;
  for (const id of chipIds()) {
    expect(pages.get(`docs/chips/${id}.md`)).toContain(`# ${id}`);
    expect(overview).toContain(`[${id}](chips/${id}.md)`);
  }
});

test('a chip without an agent says so', () => {
  expect(pages.get('docs/chips/stm32h563.md')).toContain('firmseal cannot install on this chip yet');
  expect(pages.get('docs/chips/stm32f427.md')).toContain('| Agent | machine code, WebAssembly |');
});

test.each(chipIds())(
  'every unverified source of %s stands on its page with its reason, and no verified one',
  (id) => {
    const text = pages.get(`docs/chips/${id}.md`)!;
    const listed = text
      .split('## Unverified sources')[1]!
      .split('\n')
      .filter((line) => line.startsWith('- '));
    const sources = Object.values(findChip(id).sources);
    expect(listed).toHaveLength(sources.filter(({ unverified }) => unverified).length);
    for (const { unverified, reason } of sources) if (unverified) expect(text).toContain(reason);
  },
);
