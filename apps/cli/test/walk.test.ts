// The README's walk, executed as it is printed.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBlock, runBlock } from './run-block.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-walk-'));

const readWalk = () => readBlock('README.md', '## A walk through it, command by command');

let output = '';
let status: number | null = null;

beforeAll(() => {
  mkdirSync(join(folder, 'work'));
  copyFileSync(join(root, 'examples/stm32f427-panel/panel.elf'), join(folder, 'work', 'panel.elf'));
  ({ output, status } = runBlock(readWalk(), { folder, timeoutMs: 100_000 }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the README's walk", () => {
  it('is there', () => {
    expect(readWalk()).toContain('firmseal install panel.seal');
  });

  it('runs to its end', () => {
    expect(status, output).toBe(0);
  });

  it('installs on both chips with verified receipts, and the audit finds no contradiction', () => {
    expect(output.match(/receipt verified, stored by the authority/g)).toHaveLength(2);
    expect(output.match(/#RESULT:\d:#OK/g)).toHaveLength(2);
    expect(output).toContain('audit: no contradiction');
  });

  it('prints no passphrase and no token', () => {
    const token = readFileSync(join(folder, 'work', 'line.token'), 'utf8').trim();
    expect(output).not.toContain(token);
    const passphrase = /FIRMSEAL_PASSPHRASE='(.+)'/.exec(readWalk())![1]!;
    expect(output).not.toContain(passphrase);
  });
});
