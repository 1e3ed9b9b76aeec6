// The session of docs/boards.md on a virtual Nucleo, executed as it is printed, with
// the machine code that ships.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { afterAll, expect, it } from 'vitest';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import { exampleImage } from '../src/demo/example-image.ts';
import { readBlock, runBlock } from './run-block.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-board-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('the session on a virtual Nucleo-G0B1RE ends with a verified receipt and a sound audit', () => {
  const block = readBlock('docs/boards.md', '## A whole session on a virtual Nucleo-G0B1RE');
  expect(block).toContain('firmseal install app.seal');
  buildShipping({ only: ['stm32g0b1'] });
  mkdirSync(join(folder, 'work'));
  const { bytes } = exampleImage(findChip('stm32g0b1')).segments[0]!;
  writeFileSync(join(folder, 'work', 'app.bin'), bytes.subarray(0, 6 * 1024));
  const { output, status } = runBlock(block, { folder, timeoutMs: 500_000 });
  expect(status, output).toBe(0);
  expect(output).toContain('final protection in force, as the chip itself says');
  expect(output.match(/receipt verified, stored by the authority/g)).toHaveLength(1);
  expect(output).toContain('audit: no contradiction');
  const records = readFileSync(join(folder, 'work', 'records.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(records).toHaveLength(1);
}, 520_000);
