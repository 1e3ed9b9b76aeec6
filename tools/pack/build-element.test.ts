// The element as it is published: small, the same from the same sources, nothing of
// Node, no code made of text.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { buildElement } from './build-element.ts';

const mostBytes = 120 * 1024;
let path: string;
let text: string;
beforeAll(async () => {
  ({ path } = await buildElement());
  text = readFileSync(path, 'utf8');
});

test('fits in 120 KiB, gzipped', () => {
  const { length } = gzipSync(text, { level: 9 });
  console.log(
    `<firmseal-update>: ${(length / 1024).toFixed(1)} KiB gzipped, ${(text.length / 1024).toFixed(0)} KiB as it is`,
  );
  expect(length).toBeLessThan(mostBytes);
  // So small only without the remedies of the table, which the page replaces by its own.
  expect(text).not.toContain('firmseal doctor` writes');
});

test('needs nothing but the browser, and makes no code of text', () => {
  expect(/\}from["']|[;}]import["'{*]|\bimport\(|\brequire\(/.test(text)).toBe(false);
  expect(/\beval\(/.test(text)).toBe(false);
  // zod looks whether it may, but is told not to (apps/updater/src/main.ts).
  expect(text).toContain('jitless:!0');
});

test('is the same when it is built again', async () => {
  expect(readFileSync((await buildElement()).path, 'utf8') === text).toBe(true);
});

test('comes with the licences of what is in it', () => {
  const licenses = readFileSync(join(dirname(path), 'licenses.txt'), 'utf8');
  for (const name of ['@noble/curves', '@noble/hashes', '@noble/ciphers', 'zod'])
    expect(licenses).toContain(`${name} `);
  expect(licenses).toContain('Permission is hereby granted');
});
