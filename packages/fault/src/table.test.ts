import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { faultCodes, faultRow } from './fault.ts';
import { exitCodes } from './table.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const codes = [...faultCodes];

test('every error has an exit status that is not success, and some have one of each kind', () => {
  for (const code of codes) expect(exitCodes[faultRow(code).exit]).toBeGreaterThan(0);
  expect(codes.length).toBeGreaterThan(100);
  const kinds = new Set(codes.map((code) => faultRow(code).exit));
  // The command itself ends with the others: the outcomes of installs, and failures of several kinds.
  expect(Object.keys(exitCodes).filter((name) => !kinds.has(name as never))).toEqual([
    ...['pass', 'unprotected', 'enrolled', 'unwitnessed', 'rehearsal', 'unproven', 'repairable'],
    'mixed',
  ]);
});

test('the column `chip` names the errors that the agent in C answers with, and no other', () => {
  const folder = `${root}device/agent/`;
  const used = new Set<string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (/\.[ch]$/.test(name) && !name.includes('test/'))
      for (const [macro] of readFileSync(folder + name, 'utf8').matchAll(/\bFS_ERR_[A-Z0-9_]+\b/g))
        used.add(macro.slice('FS_ERR_'.length).toLowerCase().replaceAll('_', '-'));
  for (const name of used) if (name.endsWith('-')) used.delete(name); // a comment abbreviates
  const marked = codes.filter((code) => faultRow(code).chip);
  expect(marked.sort()).toEqual([...used].sort());
  expect(marked.length).toBeGreaterThan(50);
});

test('the authority never answers with a fault of the station, and always with one of its own requests', () => {
  expect(faultRow('quota-exhausted').http).toBe(409);
  expect(faultRow('license-device-wrong').http).toBe(422);
  expect(faultRow('link-timeout').http).toBeNull();
});
