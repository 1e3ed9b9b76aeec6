// spec/check, the reader written from the specification alone, agrees with every vector,
// and says so when one is wrong.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Debian's own Python has Debian's python3-cryptography; another one on the path may not.
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

function check(vectors: string) {
  const run = spawnSync(python, ['-B', join(root, 'spec/check/run.py'), vectors], { encoding: 'utf8' });
  return { status: run.status, text: run.stdout + run.stderr };
}

it('agrees with every vector', () => {
  const { status, text } = check(join(root, 'vectors'));
  console.log(text);
  expect(text).toMatch(/^[5-9]\d\d cases, 0 disagreements$|^\d{4,} cases, 0 disagreements$/m);
  expect(status).toBe(0);
});

it('disagrees with a vector whose outcome or input was changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-vectors-'));
  try {
    for (const [path, from, to] of [
      ['package/open.json', '"fault":"record-tag-wrong"', '"fault":"record-hash-wrong"'],
      ['package/open.json', '"bytes":3168,"sha256":"', '"bytes":3168,"sha256":"0'],
      ['license/open.json', '"fault":"license-nonce-wrong"', '"fault":"license-device-wrong"'],
      ['receipt/verify.json', '"name":"fresh"', '"name":"fresh","fault":"receipt-malformed"'],
    ] as const) {
      cpSync(join(root, 'vectors'), folder, { recursive: true });
      const text = readFileSync(join(folder, path), 'utf8');
      expect(text).toContain(from);
      writeFileSync(join(folder, path), text.replace(from, to));
      const { status, text: said } = check(folder);
      expect([path, status]).toEqual([path, 1]);
      expect(said).toContain('1 disagreements');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
