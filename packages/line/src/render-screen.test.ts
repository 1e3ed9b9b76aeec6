// The operator's screen at four widths, with and without colour, held to captures
// that a person has looked at.

import { Fault } from '@firmseal/fault';
import { type InstallEvent, reportFault } from '@firmseal/programmer';
import { expect, test } from 'vitest';
import type { LineEvent, SocketState } from './events.ts';
import { emptyBoard, type LineBoard, updateLineBoard } from './line-board.ts';
import type { Cycle } from './outcome.ts';
import { renderScreen } from './render-screen.ts';

const time = '2026-01-01T06:00:00.000Z';
const times = { totalMs: 12_140, eraseMs: 900, programMs: 10_200, verifyMs: 400 };

const cycle = (number: number, change: Partial<Cycle> = {}): Cycle => ({
  ...{ name: `A${number}`, socketNumber: number, place: `serial:/dev/ttyUSB${number}`, package: 'panel' },
  ...{ cycle: 7, installId: '00'.repeat(16), thumbprint: 'ab'.repeat(32), licenseId: null, label: null },
  ...{ outcome: 'pass', fault: null, exitCode: 0, times, time, ...change },
});

const socket = (number: number, state: SocketState): LineEvent => ({
  ...{ kind: 'line-socket', name: `A${number}`, socketNumber: number, package: 'panel' },
  ...{ place: `serial:/dev/ttyUSB${number}`, state, time },
});

const head = (number: number) => ({
  ...{ socket: `serial:/dev/ttyUSB${number}`, socketNumber: number, installId: '00'.repeat(16), time },
});

const install = (number: number, body: object): LineEvent => ({
  ...{ kind: 'line-install', name: `A${number}`, install: { ...head(number), ...body } as InstallEvent },
});

const silent = reportFault(new Fault('chip-silent', { socket: 'serial:/dev/ttyUSB3', attempts: 2 }));
const halted = reportFault(new Fault('line-socket-halted', { socket: 'A3', failures: 5 }));
const away = reportFault(new Fault('authority-unreachable', { reason: 'ECONNREFUSED' }));

/** A line of so many sockets in the middle of a shift, one in each state. */
function midShift(sockets: number): LineBoard {
  const numbers = Array.from({ length: sockets }, (_, i) => i + 1);
  const events: LineEvent[] = [
    ...numbers.map((number) => socket(number, 'empty')),
    ...numbers
      .filter((number) => number !== 5)
      .map((number): LineEvent => ({ kind: 'line-cycle', ...cycle(number) })),
    ...numbers
      .filter((number) => number > 8)
      .flatMap((number) => [
        socket(number, 'installing'),
        install(number, { kind: 'planned', package: '', firmwareVersion: '1.0.0' }),
        install(number, { kind: 'state', from: 'license', to: 'records' }),
        install(number, { kind: 'progress', doneBytes: number, totalBytes: 70 }),
      ]),
    socket(1, 'installing'),
    install(1, { kind: 'planned', package: '', firmwareVersion: '1.0.0' }),
    install(1, { kind: 'state', from: 'license', to: 'records' }),
    install(1, { kind: 'progress', doneBytes: 52, totalBytes: 100 }),
    socket(2, 'done'),
    { kind: 'line-cycle', ...cycle(3, { outcome: 'fail', fault: silent, exitCode: 13, thumbprint: null }) },
    socket(3, 'halted'),
    { kind: 'line-alarm', name: 'A3', fault: halted, raised: true, time },
    socket(4, 'held'),
    { kind: 'line-alarm', name: 'A4', fault: away, raised: true, time },
    { kind: 'line-cycle', ...cycle(6, { outcome: 'unprotected', exitCode: 21, label: 'SN-00042' }) },
    socket(6, 'done'),
    socket(7, 'label'),
    socket(8, 'queued'),
    {
      ...{ kind: 'line-tally', passed: 312, passedFirst: 309, failed: 3, refused: 1, time },
      units: [
        { package: 'panel', left: 12 },
        { package: 'sensor', left: null },
      ],
    },
  ];
  return events.reduce((board, event) => updateLineBoard(board, event, 0), emptyBoard('line-1'));
}

const prompt = 'NAME: begin in that socket. "quit": end after what runs. "stop": end now.';
const show = (board: LineBoard, columns: number, rows: number) =>
  renderScreen(board, { columns, rows, nowMs: 4200, typed: 'A1', prompt });

test.each([
  [8, 60],
  [8, 80],
  [8, 120],
  [8, 200],
  [64, 60],
  [64, 80],
  [64, 120],
  [64, 200],
])('%i sockets in %i columns', async (sockets, columns) => {
  const { lines } = show(midShift(sockets), columns, 40);
  expect(lines.length).toBeLessThan(40);
  for (const line of lines) expect(line.length).toBeLessThan(columns);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/screen-${sockets}-${columns}.txt`);
});

test('colour adds nothing but colour', () => {
  const { lines, painted } = show(midShift(8), 80, 40);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
  const bare = painted.map((line) => line.replace(/\u001b\[[0-9;]*m/g, '').trimEnd());
  expect(bare).toEqual(lines);
  expect(painted.join('')).toContain('\u001b[1;31m');
});

test.each([
  [20, 5],
  [1, 1],
  [40, 10],
])('%i columns and %i rows are no reason to fail', (columns, rows) => {
  expect(show(midShift(64), columns, rows).lines.length).toBeGreaterThan(0);
});

test('a screen that is too small shows sockets in trouble first', () => {
  const { lines } = show(midShift(64), 60, 20);
  const text = lines.join('\n');
  expect(text).toContain('A3');
  expect(text).toContain('A4');
  expect(text).toMatch(/\d+ not shown/);
});
