// What is fetched is held to the hash in the tree, and only the files that are wanted are unpacked.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  type DebianSource,
  debianSourceFolder,
  debianSourceMissing,
  type SourceCache,
} from './debian-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'debian-source-'));
let good: DebianSource;

/** A cache of its own, where nothing was fetched yet. */
const cache: SourceCache = {
  cacheFolder: () => {
    mkdirSync(join(folder, 'cache'), { recursive: true });
    return join(folder, 'cache');
  },
  cached: (name, make) => {
    const made = join(cache.cacheFolder(), name);
    mkdirSync(made);
    make(made);
    return made;
  },
};

beforeAll(() => {
  vi.stubEnv('FIRMSEAL_SOURCES', folder);
  mkdirSync(join(folder, 'thing-1.0'));
  for (const name of ['wanted', 'other']) writeFileSync(join(folder, 'thing-1.0', name), name);
  const { status } = spawnSync('tar', ['--create', '--file', 'thing.tar', 'thing-1.0'], { cwd: folder });
  expect(status).toBe(0);
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'thing.tar')))
    .digest('hex');
  good = { package: 'thing', archive: 'thing.tar', sha256, folder: 'thing-1.0', files: ['wanted'] };
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

it('unpacks the files that are listed', () => {
  expect(readdirSync(debianSourceFolder(good, cache))).toEqual(['wanted']);
});

it('refuses an archive with another hash', () => {
  const other = { ...good, package: 'other', sha256: '00'.repeat(32) };
  expect(() => debianSourceFolder(other, cache)).toThrow('expected is 0000');
  expect(debianSourceMissing({ ...other, package: 'third' }, cache)).toContain('expected is 0000');
});
