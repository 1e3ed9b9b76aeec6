// The column `chip` of spec/errors is what the C of the chip really answers with: no
// error too many, none too few.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './cache.ts';
import { errorTable } from './error-table.ts';

const rowOf = /^FS_ERROR\((FS_ERR_\w+), (\d+)\)$/gm;
const named = new Set([...errorTable().matchAll(rowOf)].map(([, name]) => name!));

/**
 * Names of errors that code gives or compares: comments apart, and the labels of a
 * switch, which give nothing.
 */
function usedNames(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\bcase FS_ERR_\w+:/g, '');
  return [...code.matchAll(/\bFS_ERR_\w+/g)].map(([name]) => name);
}

const usedIn = (folder: string): Set<string> =>
  new Set(
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[chS]$/.test(name) && !name.includes('test/'))
      .flatMap((name) => usedNames(readFileSync(join(root, folder, name), 'utf8'))),
  );

test('names of errors are found in code and not in comments', () => {
  expect(usedNames('/* FS_ERR_A,\n FS_ERR_B */ case FS_ERR_D: return FS_ERR_C;')).toEqual(['FS_ERR_C']);
});

test('core and ports answer with every error of the table, and with no other', () => {
  const used = new Set([...usedIn('device/agent/core'), ...usedIn('device/agent/port')]);
  expect(named.size).toBeGreaterThan(50);
  expect([...used].sort()).toEqual([...named].sort());
});

test('a number stands once, and crosses the link in two bytes', () => {
  const numbers = [...errorTable().matchAll(rowOf)].map(([, , number]) => Number(number));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(Math.min(...numbers)).toBeGreaterThan(0);
  expect(Math.max(...numbers)).toBeLessThan(0x10000);
});
