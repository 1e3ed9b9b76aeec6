// The walks of README.md and docs/desk.md, executed as they are printed. The agent that plays on the virtual
// chips is the WebAssembly build.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { readBlock, runBlock } from './run-block.ts';

const root = mkdtempSync(join(tmpdir(), 'firmseal-walk-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const panel = fileURLToPath(new URL('../../../examples/stm32f427-panel/panel.elf', import.meta.url));

/** What README's walk has done before docs/desk.md takes over. */
const chips = `export FIRMSEAL_PASSPHRASE='seven grey herons watch the ford'
firmseal virtual --chip stm32f427 --count 2 --link-port 5001 --probe-port 4001 &
`;

const walks: [page: string, heading: string, before: string][] = [
  ['README.md', '## A walk through it, command by command', ''],
  ['docs/desk.md', '## The same walk with keys that live apart', chips],
];

// The second is the session of docs/boards.md, which a test of its own runs, on other chips.
it.each(isWhole ? walks : walks.slice(0, 1))(
  '%s: two blank chips end with verified receipts and a sound audit',
  (page, heading, before) => {
    const block = readBlock(page, heading);
    expect(block).toContain('firmseal install panel.seal');
    const folder = join(root, page.replace('/', '-'));
    mkdirSync(join(folder, 'work'), { recursive: true });
    copyFileSync(panel, join(folder, 'work', 'panel.elf'));
    const { output, status } = runBlock(before + block, { folder, timeoutMs: 200_000 });
    expect(status, output).toBe(0);
    expect(output.match(/receipt verified, stored by the authority/g)).toHaveLength(2);
    expect(output).toContain('audit: no contradiction');
  },
  220_000,
);
