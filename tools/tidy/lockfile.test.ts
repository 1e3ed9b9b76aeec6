// Planted violations of the rules about the lockfile.

import { expect, test } from 'vitest';
import { lockfileHashes, lockfileHosts, lockfileManifests, lockfilePlatforms } from './lockfile.ts';

const lockfile = (packages: object) => ({ path: 'package-lock.json', text: JSON.stringify({ packages }) });
const manifest = (path: string, value: object) => ({ path, text: JSON.stringify(value) });

test('a place to fetch from is found; links of workspaces pass', () => {
  const entry = { version: '1.0.0', integrity: 'sha512-x' };
  expect(lockfileHosts([lockfile({ 'node_modules/a': entry })])).toEqual([]);
  expect(lockfileHosts([lockfile({ 'node_modules/a': { resolved: 'packages/a', link: true } })])).toEqual([]);
  const resolved = 'https://example.org/a.tgz';
  expect(lockfileHosts([lockfile({ 'node_modules/a': { ...entry, resolved } })])).toHaveLength(1);
});

test('a package without a hash is found, and one that runs a script of its own', () => {
  const integrity = 'sha512-x';
  const packages = {
    'node_modules/a': { integrity },
    'node_modules/b': {},
    'node_modules/linked': { resolved: 'packages/c', link: true },
    'node_modules/esbuild': { integrity, hasInstallScript: true },
    'node_modules/node': { integrity, hasInstallScript: true },
    'packages/c': {},
  };
  expect(lockfileHashes([lockfile(packages)])).toEqual([
    expect.stringContaining('node_modules/b has no hash'),
    expect.stringContaining('node_modules/node runs a script'),
  ]);
});

test('a missing entry for another platform is found, wherever npm may have put it', () => {
  const wants = (name: string) => ({ optionalDependencies: { [name]: '1.0.0' } });
  const packages = {
    'node_modules/a': wants('a-win32'),
    'node_modules/b': wants('b-linux'),
    'node_modules/b-linux': {},
    'node_modules/b/node_modules/c': wants('c-linux'),
    'node_modules/b/node_modules/c-linux': {},
    'node_modules/b/node_modules/d': wants('d-darwin'),
    'packages/e': wants('e-any'),
    'node_modules/e-any': {},
  };
  expect(lockfilePlatforms([lockfile(packages)])).toEqual([
    expect.stringContaining('node_modules/a wants a-win32'),
    expect.stringContaining('node_modules/b/node_modules/d wants d-darwin'),
  ]);
});

test('a package.json that the lockfile does not know, or knows otherwise, is found', () => {
  const packages = {
    '': { devDependencies: { x: '1.0.0' } },
    'packages/a': { dependencies: { x: '1.0.0', y: '1.0.0' } },
  };
  const files = [
    lockfile(packages),
    manifest('package.json', { devDependencies: { x: '2.0.0' } }),
    manifest('packages/a/package.json', { dependencies: { y: '1.0.0', x: '1.0.0' } }),
    manifest('packages/b/package.json', {}),
  ];
  expect(lockfileManifests(files).map((line) => line.split(':')[0])).toEqual([
    'package.json',
    'packages/b/package.json',
  ]);
});
