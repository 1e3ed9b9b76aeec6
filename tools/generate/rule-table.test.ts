// Every rule of the virtual STM32 cites document and section or says that it is
// unverified, and a test shows it.

import { existsSync } from 'node:fs';
import { chipIds, findChip } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { type ChipRule, chipRules, generateRuleTable } from './rule-table.ts';

const kinds = [...new Set(chipIds().map((id) => findChip(id).flashController.kind))];
const everyFamilyHas = [
  ...['registers', 'program', 'time', 'write protection', 'PCROP'],
  ...['option bytes', 'banks and boot', 'one-time programmable', 'identity'],
];
/** A document with a section, a page, a register, a file or a title: more than its bare name. */
const cites =
  /\b(RM|AN|DS|IHI|PM)\s?\d*\s?\w*[^;]*\d|CMSIS|ST SVD|OpenOCD|ST community|wiki\.st\.com|data ?sheet|public|HAL|TrustZone/i;

function faults(rule: ChipRule): string[] {
  const found: string[] = [];
  if (!(rule.source ?? rule.unverified)) found.push('neither source nor unverified');
  if ((rule.source === undefined) !== (rule.sourceRead === undefined))
    found.push('not said whether it was read');
  if (rule.source !== undefined && !cites.test(rule.source)) found.push('a source that cites nothing');
  if (rule.unverified !== undefined && rule.unverified.length < 6)
    found.push('unverified without saying what');
  if (!existsSync(new URL(`../../${rule.test}`, import.meta.url)) || !rule.test.endsWith('.test.ts'))
    found.push('no test');
  for (const family of rule.families)
    if (!(kinds as readonly string[]).includes(family)) found.push(`family ${family}`);
  return found;
}

describe.each(chipRules().map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
  test('has its source or says that it has none, and its test', () => {
    expect(faults(rule)).toEqual([]);
  });
});

test('a rule without grounds or test is found', () => {
  const planted: ChipRule = {
    id: 'x',
    topic: 'x',
    families: ['f9'],
    rule: 'x',
    test: 'packages/none.test.ts',
  };
  expect(faults(planted)).toEqual(['neither source nor unverified', 'no test', 'family f9']);
  expect(faults({ ...planted, source: 'hearsay' })).toEqual(
    expect.arrayContaining(['a source that cites nothing', 'not said whether it was read']),
  );
  expect(faults({ ...planted, unverified: '' })).toContain('neither source nor unverified');
});

test('names are used once, and every family has a rule on every topic', () => {
  const rules = chipRules();
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const kind of kinds)
    for (const topic of everyFamilyHas)
      expect([kind, topic, rules.some((one) => one.topic === topic && one.families.includes(kind))]).toEqual([
        kind,
        topic,
        true,
      ]);
});

test('the pages hold every rule once and mark what is unverified, row by row', () => {
  const rows = [...generateRuleTable().values()]
    .join('\n')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows).toHaveLength(chipRules().length);
  expect(rows.filter((line) => line.includes('**unverified**'))).toHaveLength(
    chipRules().filter(({ unverified }) => unverified !== undefined).length,
  );
});
