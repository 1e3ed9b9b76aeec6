// Every renderer is a function of events; what a terminal makes of the painted text is
// checked with a small model of one.

import { TestClock } from '@firmseal/link/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { ModelChip } from '../test/model-chip.ts';
import { ModelTerminal } from '../test/model-terminal.ts';
import { BarScreen, repaint } from './bar-screen.ts';
import type { EventBody, InstallEvent } from './events.ts';
import { type Board, renderBoard, updateBoard } from './render-bars.ts';
import { renderJson } from './render-json.ts';
import { renderLines } from './render-lines.ts';

const event = (body: EventBody, socketNumber = 1, socket = `usb-${socketNumber}`): InstallEvent => ({
  socket,
  socketNumber,
  installId: '0123456789abcdef0123456789abcdef',
  time: '2026-01-01T00:00:00.000Z',
  ...body,
});
const times = { totalMs: 2140, eraseMs: 340, programMs: 1200, verifyMs: 61 };
const fault = {
  code: 'license-nonce-wrong',
  number: 304,
  sentence: 'It \u001b[2Jfailed.',
  remedy: 'Do it again.',
} as const;

describe('result lines', () => {
  test('a pass', () => {
    expect(renderLines(event({ kind: 'result', outcome: 'pass', times }, 2))).toEqual([
      '#RESULT:2:#OK (Total 2.1s, Erase 0.3s, Prog 1.2s, Verify 0.1s)',
    ]);
  });
  test.each(['unprotected', 'enrolled', 'unwitnessed', 'rehearsal'] as const)('%s is not #OK', (outcome) => {
    expect(renderLines(event({ kind: 'result', outcome, times }))).toEqual([
      `#RESULT:1:#${outcome.toUpperCase()} (Total 2.1s, Erase 0.3s, Prog 1.2s, Verify 0.1s)`,
    ]);
  });
  test('a failure, its control characters made harmless', () => {
    expect(renderLines(event({ kind: 'result', outcome: 'fail', times, fault }))).toEqual([
      '[1] usb-1: failed: FS0304 It ?[2Jfailed. Do it again.',
      '#RESULT:1:#ERROR:FS0304 It ?[2Jfailed.',
    ]);
  });
});

test('plain lines of a whole install', async () => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip', optionResets: 1 }) });
  await bench.run();
  const lines = bench.events.flatMap(renderLines).map((line) => line.replace(/[0-9a-f]{8,16}/g, 'X'));
  expect(lines).toEqual([
    '[1] usb-1: install X of version 1.2.3',
    '[1] usb-1: chip stm32f427, device X, personalized, readout level 2, agent 1',
    '[1] usb-1: license X for unit 0, one unit of quota taken, per-device data of digest X',
    '[1] usb-1: reconnecting (1): the chip resets itself',
    '[1] usb-1: chip stm32f427, device X, personalized, readout level 2, agent 1',
    '[1] usb-1: receipt verified, stored by the authority',
    expect.stringMatching(/^#RESULT:1:#OK \(Total 0\.\ds, Erase 0\.\ds, Prog 0\.\ds, Verify 0\.\ds\)$/),
  ]);
});

test('JSON lines give every event back, one line each', async () => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip' }) });
  await bench.run();
  for (const each of bench.events) {
    const line = renderJson(each);
    expect(line).not.toContain('\n');
    const { kind, ...fields } = each;
    expect(JSON.parse(line)).toEqual({ event: kind, ...fields });
  }
});

test('no renderer and no journal line shows license or key', async () => {
  const bench = await createBench({ 'usb-1': new ModelChip({ name: 'chip' }) });
  await bench.run();
  const key = Buffer.from(bench.contentKey.expose());
  const said = [
    ...bench.events.map(renderJson),
    ...bench.events.flatMap(renderLines),
    bench.journal.text,
  ].join();
  for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
    expect(said).not.toContain(key.toString(form));
});

const states = ['hello', 'records', 'storing', 'restarting', 'passed', 'failed'] as const;
const someEvent = fc.oneof(
  fc
    .record({ n: fc.integer({ min: 1, max: 40 }), to: fc.constantFrom(...states) })
    .map(({ n, to }) =>
      event({ kind: 'state', from: 'opening', to }, n, `/dev/serial/by-path/\u001b[31mhub-${n}`),
    ),
  fc
    .record({ n: fc.integer({ min: 1, max: 40 }), done: fc.nat(100) })
    .map(({ n, done }) =>
      event(
        { kind: 'progress', doneBytes: done, totalBytes: 100 },
        n,
        `/dev/serial/by-path/\u001b[31mhub-${n}`,
      ),
    ),
  fc
    .integer({ min: 1, max: 40 })
    .map((n) => event({ kind: 'restart', restarts: n, fault: null }, n, `x${n}`)),
);
const boardOf = (events: readonly InstallEvent[]) => events.reduce<Board>(updateBoard, []);

test('the board never wraps, never scrolls and never passes on a control character', () => {
  fc.assert(
    fc.property(
      fc.array(someEvent, { maxLength: 60 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (events, columns, rows) => {
        const lines = renderBoard(boardOf(events), { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(Math.max(2, rows - 1));
        for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]*$/);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(1, columns - 1));
      },
    ),
    { seed: 6, numRuns: 300 },
  );
});

test('a row at 100 columns', () => {
  const board = boardOf([
    event({ kind: 'state', from: 'license', to: 'records' }),
    event({ kind: 'progress', doneBytes: 57, totalBytes: 100 }),
    event({ kind: 'state', from: 'closing', to: 'passed' }, 2),
    event({ kind: 'result', outcome: 'pass', times }, 2),
  ]);
  expect(renderBoard(board, { columns: 100, rows: 24 })).toEqual([
    '  1 usb-1 [======================>                 ]  57% writing',
    '  2 usb-2 [========================================] 100% PASS',
    '1 passed, 0 failed, 1 at work',
  ]);
});

describe('on a terminal', () => {
  test('each painting replaces the one before, also after it was resized', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            lines: fc.array(fc.stringMatching(/^[a-z]{0,30}$/), { maxLength: 6 }),
            above: fc.array(fc.stringMatching(/^#[a-z]{0,8}$/), { maxLength: 2 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        (paintings) => {
          const terminal = new ModelTerminal(80);
          let drawn: readonly string[] = [];
          const kept: string[] = [];
          for (const { lines, above } of paintings) {
            terminal.write(repaint(drawn, { above, lines, columns: 80 }));
            kept.push(...above);
            drawn = lines;
            expect(terminal.lines()).toEqual([...kept, ...lines]);
          }
        },
      ),
      { seed: 7 },
    );
  });

  test('lines that a narrower terminal wrapped are taken away whole', () => {
    const terminal = new ModelTerminal(80);
    const wide = ['a'.repeat(70), 'b'.repeat(50)];
    terminal.write(repaint([], { above: [], lines: wide, columns: 80 }));
    terminal.resize(30);
    terminal.write(repaint(wide, { above: [], lines: ['c', 'd'], columns: 30 }));
    expect(terminal.lines()).toEqual(['c', 'd']);
  });

  test('a gang ends with its results above its board, drawn at most ten times a second', async () => {
    const chips = { 'usb-1': new ModelChip({ name: 'a' }), 'usb-2': new ModelChip({ name: 'b' }) };
    const bench = await createBench(chips);
    await bench.run({ plan: () => ({ delayMs: 40 }) });
    const clock = new TestClock();
    const terminal = new ModelTerminal(80);
    let writes = 0;
    const output = {
      write: (text: string) => {
        writes++;
        terminal.write(text);
      },
      size: () => ({ columns: 80, rows: 24 }),
    };
    const screen = new BarScreen(output, clock);
    const started = Date.parse(bench.events[0]!.time);
    for (const each of bench.events) clock.after(Date.parse(each.time) - started, () => screen.take(each));
    const endMs = Date.parse(bench.events.at(-1)!.time) - started + 200;
    await clock.run(new Promise<void>((resolve) => clock.after(endMs, resolve)));
    screen.finish();
    expect(writes).toBeLessThanOrEqual(endMs / 100 + 2);
    expect(writes).toBeGreaterThan(3);
    const lines = terminal.lines();
    expect(lines.slice(0, 2).sort()).toEqual([
      expect.stringMatching(/^#RESULT:1:#OK/),
      expect.stringMatching(/^#RESULT:2:#OK/),
    ]);
    expect(lines.at(-1)).toBe('2 passed, 0 failed, 0 at work');
  });
});
