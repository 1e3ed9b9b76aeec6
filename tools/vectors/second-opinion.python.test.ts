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

function check(path: string, program = 'run.py') {
  const run = spawnSync(python, ['-B', join(root, 'spec/check', program), path], { encoding: 'utf8' });
  return { status: run.status, text: run.stdout + run.stderr };
}

it('agrees with every vector', () => {
  const { status, text } = check(join(root, 'vectors'));
  console.log(text);
  expect(text).toMatch(/^[5-9]\d\d cases, 0 disagreements$|^\d{4,} cases, 0 disagreements$/m);
  expect(status).toBe(0);
});

it('comes to the values of the worked example, and to no other', () => {
  const page = join(root, 'spec/example.md');
  const { status, text } = check(page, 'example.py');
  expect(text).toMatch(/^\d{2} values of the example computed again$/m);
  expect(status).toBe(0);
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-example-'));
  try {
    const whole = readFileSync(page, 'utf8');
    const shown = /Commitment \(32 bytes\)\n```\n([0-9a-f])/.exec(whole)!;
    const changed = join(folder, 'example.md');
    const at = shown.index + shown[0].length - 1;
    writeFileSync(changed, `${whole.slice(0, at)}${shown[1] === '0' ? '1' : '0'}${whole.slice(at + 1)}`);
    const other = check(changed, 'example.py');
    expect(other.status).toBe(1);
    expect(other.text).toContain('Commitment');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('disagrees with a vector whose outcome or input was changed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-vectors-'));
  try {
    for (const [path, from, to] of [
      ['package/open.json', '"fault":"record-tag-wrong"', '"fault":"record-hash-wrong"'],
      ['package/open.json', '"bytes":3168,"sha256":"', '"bytes":3168,"sha256":"0'],
      ['license/open.json', '"fault":"license-nonce-wrong"', '"fault":"license-device-wrong"'],
      ['receipt/verify.json', '"outcome":"UNPROTECTED"', '"outcome":"PASS"'],
      ['package/seal.json', '"commitment":"', '"commitment":"00'],
      ['ledger/verify.json', '"fault":"witness-fork-refused"', '"fault":"witness-proof-refused"'],
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
