// The walk of docs/desk.md, executed as it is printed; that of README.md is executed by the installed command
// (tools/pack/pack.test.ts). The agent that plays on the virtual chips is the WebAssembly build.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { readBlock, runBlock } from './run-block.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-walk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const panel = fileURLToPath(new URL('../../../examples/stm32f427-panel/panel.elf', import.meta.url));

/** What README's walk has done before docs/desk.md takes over. */
const chips = `export FIRMSEAL_PASSPHRASE='seven grey herons watch the ford'
firmseal virtual --chip stm32f427 --count 2 --link-port 5001 --probe-port 4001 &
`;

it('docs/desk.md: two blank chips end with verified receipts and a sound audit', () => {
  const block = readBlock('docs/desk.md', '## The same walk with keys that live apart');
  expect(block).toContain('firmseal install panel.seal');
  mkdirSync(join(folder, 'work'));
  copyFileSync(panel, join(folder, 'work', 'panel.elf'));
  const { output, status } = runBlock(chips + block, { folder, timeoutMs: 200_000 });
  expect(status, output).toBe(0);
  expect(output.match(/receipt verified, stored by the authority/g)).toHaveLength(2);
  expect(output).toContain('audit: no contradiction');
}, 220_000);
