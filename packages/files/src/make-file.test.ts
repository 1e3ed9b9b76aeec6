// A file that is filled by its name: there whole, or not at all.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFile } from './make-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-make-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'file');

it('gets its name when it is filled, and leaves nothing beside it', async () => {
  const filled = await makeFile(path, async (temporary) => {
    expect(readdirSync(folder)).not.toContain('file');
    writeFileSync(temporary, 'content');
    writeFileSync(`${temporary}-wal`, 'of a database');
    return 7;
  });
  expect([filled, readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([7, 'content', 0o600]);
  expect(readdirSync(folder)).toEqual(['file']);
});

it('is not replaced', async () => {
  const again = makeFile(path, async () => expect.unreachable());
  await expect(again).rejects.toMatchObject({ code: 'file-exists' });
  expect(readFileSync(path, 'utf8')).toBe('content');
});

it('is not there when filling it fails, nor is what a killed run left', async () => {
  const other = join(folder, 'other');
  const gone = 2 ** 22 + 1;
  for (const suffix of ['', '-wal']) writeFileSync(join(folder, `.other.${gone}.new${suffix}`), 'half');
  const failed = makeFile(other, () => Promise.reject(new Error('no more')));
  await expect(failed).rejects.toThrow('no more');
  expect(readdirSync(folder)).toEqual(['file']);
  const nowhere = makeFile(join(folder, 'file', 'below'), async () => undefined);
  await expect(nowhere).rejects.toMatchObject({ code: expect.stringMatching(/^f/) });
});
