// The operator's screen as it stands on a real terminal: a socket without a chip, what can be typed, and the
// terminal given back at the end.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { LineSite } from './line-site.ts';
import { TerminalProcess } from './terminal-emulator.ts';

skipTests(lackingTool(['python3']));

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));
const site = new LineSite();
let terminal: TerminalProcess | undefined;
beforeAll(async () => {
  await site.begin();
  await site.openJob('screen', 3);
}, 120_000);
afterAll(async () => {
  terminal?.kill();
  await site.end();
});

test.each([60, 80, 200])(
  '%i columns: a chip passes, the screen is redrawn in place, "quit" ends it',
  async (columns) => {
    const { place } = await site.plugIn();
    const file = site.writeLine('screen', [place, 'tcp:127.0.0.1:9']);
    const words = ['env', 'NO_COLOR=1', process.execPath, main, 'line', 'run', file];
    terminal = new TerminalProcess(words, { columns, rows: 24 });
    const shown = await terminal.shows(/\nA1 done {8}PASS \d+\.\ds.*\nA2 empty.*\n/);
    expect(shown).toMatch(/A1 chip 1 PASS, device [0-9a-f]{16}/);
    // In place: one picture stands, whatever was drawn before.
    expect(shown.match(/^A2 empty/gm)).toHaveLength(1);
    expect(shown.match(/^> /gm)).toHaveLength(1);
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(Math.max(columns, 160));
    terminal.type('B7\r');
    await terminal.shows(/no socket B7\n/);
    terminal.type('quit\r');
    expect(await terminal.ended()).toBe(0);
  },
  120_000,
);
