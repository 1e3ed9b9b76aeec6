// The live view of `firmseal virtual` as it stands on a real terminal while a client programs a chip: typed
// controls, the map, and the terminal given back at the end.

import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { TerminalProcess } from './terminal-emulator.ts';

skipTests(lackingTool(['python3']));

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));
let terminal: TerminalProcess | undefined;
afterEach(() => terminal?.kill());

/** Programs through the JSON debug port that the screen names. */
function program(port: number, address: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const requests = [{ op: 'connect' }, { op: 'program', address, bytes: '00000000' }];
      socket.write(requests.map((one) => `${JSON.stringify(one)}\n`).join(''));
    });
    let answers = '';
    socket.on('error', reject);
    socket.on('data', (data) => {
      answers += String(data);
      if (answers.split('\n').length <= 2) return;
      socket.destroy();
      if (answers === '{}\n{}\n') resolve();
      else reject(new Error(answers));
    });
  });
}

test('power, protection, operations, cuts and the map of two chips are redrawn in place', async () => {
  const words = ['virtual', '--chip', 'stm32f427', '--count', '2', '--uart', 'tcp'];
  terminal = new TerminalProcess([process.execPath, main, ...words], { columns: 100, rows: 24 });
  const picture = (first: string, second: string) =>
    new RegExp(`\\nchip 1  stm32f427  ${first}\\n    bank 1 .*\\nchip 2  stm32f427  ${second}\\n`);
  const on = 'on, runs nothing, readout level 0, 0 operations, 0\\.0 s';
  const start = await terminal.shows(picture(on, on));
  expect(start).toMatch(/bank 1 \.{12} {2}bank 2 \.{12}\n/);

  const port = Number(/--via virtual:127\.0\.0\.1:(\d+)/.exec(start)?.[1]);
  await program(port, 0x0800_4000);
  const programmed = await terminal.shows(picture(on.replace('0 operations', '1 operations'), on));
  expect(programmed).toMatch(/chip 1 .*\n {4}bank 1 \.#\.{10} {2}bank 2 \.{12}\n/);

  terminal.type('cut 2 at +3\r');
  await terminal.shows(/chip 2 {2}stm32f427 {2}on, .*, cut torn at 3, /);
  terminal.type('power off 1\r');
  const off = await terminal.shows(/chip 1 {2}stm32f427 {2}off, /);
  // In place: one picture stands, whatever was drawn before.
  expect(off.match(/^chip 1 {2}stm32f427/gm)).toHaveLength(1);
  expect(off.match(/^> /gm)).toHaveLength(1);

  terminal.type('fly\r');
  await terminal.shows(/control-invalid: [^\n]*fly[\s\S]*\nchip 1 /);
  terminal.type('quit\r');
  expect(await terminal.ended()).toBe(0);
});
