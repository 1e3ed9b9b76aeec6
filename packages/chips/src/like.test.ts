import { expect, test } from 'vitest';
import { wholeFile } from './like.ts';

const files = { base: { id: 'base', a: { b: 1, c: 2 }, list: [1, 2, 3], gone: true } };

test('a file that is like another has its keys, its own in place of them, and none that it takes out', () => {
  const file = { like: 'base', id: 'other', a: { c: 3, d: 4 }, list: [9], gone: null };
  expect(wholeFile(file, files)).toEqual({ id: 'other', a: { b: 1, c: 3, d: 4 }, list: [9] });
  expect(files.base.a).toEqual({ b: 1, c: 2 });
});

test('a file of its own is as it is', () => expect(wholeFile(files.base, files)).toBe(files.base));
