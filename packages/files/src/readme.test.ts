// The example of README.md, run.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdFile, readBoundedFile, refuseUnwritable, writeWholeFile } from './index.ts';

test('the example', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-files-'));
  const at = (name: string) => join(folder, name);
  writeFileSync(at('app.bin'), 'firmware');
  const header = new TextEncoder().encode('header ');

  refuseUnwritable(at('app.seal'), { existing: 'refuse' });
  const firmware = readBoundedFile(at('app.bin'), 8_388_608);
  writeWholeFile(at('app.seal'), [header, firmware], { existing: 'refuse', mode: 0o600 });

  const lock = await holdFile(at('app.seal'));
  if (lock.held) await lock.release();

  expect(lock.held).toBe(true);
  expect(readFileSync(at('app.seal'), 'utf8')).toBe('header firmware');
  rmSync(folder, { recursive: true });
});
