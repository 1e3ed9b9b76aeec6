// What is fetched is held to the hash in the tree.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'bearssl-'));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.resetModules();
});

it('refuses another archive than the one that sources.json means', async () => {
  // A cache of its own, where nothing was fetched yet.
  vi.doMock('./cache.ts', async (original) => ({ ...(await original<object>()), cacheFolder: () => folder }));
  const { bearssl, bearsslFolder, bearsslMissing } = await import('./bearssl.ts');
  const archive = join(folder, bearssl.archive);
  writeFileSync(archive, 'not BearSSL');
  vi.stubEnv('FIRMSEAL_BEARSSL', archive);
  expect(() => bearsslFolder()).toThrow('names another archive');
  expect(bearsslMissing()).toContain('names another archive');
});
