import type { LineBoardView } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { type LineEvent, lineFileSchema } from '@firmseal/line';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openBoards } from './board-outlet.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const fileOf = (change: object) =>
  lineFileSchema.parse({
    ...{ format: 'firmseal-line-1', name: 'line-1', authority: 'https://authority.example' },
    ...{ rootKey: 'root.pub', deviceCaDelegation: 'ca.delegation' },
    packages: {
      panel: { file: 'panel.seal', job: 'panel.job', token: 'line.token' },
      pump: { file: 'pump.seal', job: 'pump.job', token: 'pump.token' },
    },
    sockets: [
      { name: 'A1', place: 'tcp:127.0.0.1:5001', package: 'panel' },
      { name: 'B1', place: 'tcp:127.0.0.1:5002', package: 'pump' },
    ],
    ...change,
  });

const time = '2026-01-01T00:00:00.000Z';
const socket = (name: string, named: string, state: 'empty' | 'done'): LineEvent => ({
  ...{
    kind: 'line-socket',
    name,
    socketNumber: 1,
    place: `place \u202e of ${name}`,
    package: named,
    state,
    time,
  },
});
const cycle = (name: string, named: string): LineEvent => ({
  ...{
    kind: 'line-cycle',
    name,
    socketNumber: 1,
    place: name,
    package: named,
    cycle: 1,
    installId: 'i',
    time,
  },
  ...{ thumbprint: '0a'.repeat(32), label: null, licenseId: null, outcome: 'pass', fault: null, exitCode: 0 },
  times: { totalMs: 1234.5, eraseMs: 1, programMs: 1, verifyMs: 1 },
});

interface Told {
  readonly boards: LineBoardView[];
  readonly alarms: [code: string, raised: boolean][];
  failure: Fault | undefined;
}

function open(change: object) {
  const told: Told = { boards: [], alarms: [], failure: undefined };
  const tellBoard = async (board: LineBoardView) => {
    if (told.failure) throw told.failure;
    told.boards.push(structuredClone(board));
  };
  const packages = new Map([
    ['panel', { tellBoard }],
    ['pump', {}],
  ]);
  const outlets = openBoards(fileOf(change), packages, (fault, raised) =>
    told.alarms.push([fault.code, raised]),
  );
  return { told, outlets, outlet: outlets[0]! };
}

it('is not there unless the line file asks for it, and for packages without a job', () => {
  expect(open({}).outlets).toEqual([]);
  expect(open({ boardEverySeconds: 5 }).outlets).toHaveLength(1);
});

it('tells the sockets and results of its own job, at once, at the interval, and at the end', async () => {
  const { told, outlet } = open({ boardEverySeconds: 5 });
  for (const event of [socket('A1', 'panel', 'empty'), socket('B1', 'pump', 'empty')]) outlet.take(event);
  await vi.advanceTimersByTimeAsync(1);
  expect(told.boards).toHaveLength(1);
  expect(told.boards[0]!.sockets.map(({ name }) => name)).toEqual(['A1']);
  // What a hostile name could do to whoever shows it is taken out here.
  expect(told.boards[0]!.sockets[0]!.place).toBe('place ? of A1');
  for (const event of [cycle('A1', 'panel'), cycle('B1', 'pump')]) outlet.take(event);
  await vi.advanceTimersByTimeAsync(5000);
  expect(told.boards.at(-1)!.results).toMatchObject([{ socket: 'A1', totalMs: 1235, outcome: 'pass' }]);
  outlet.take(socket('A1', 'panel', 'done'));
  await outlet.close();
  expect(told.boards.at(-1)!.sockets[0]!.state).toBe('done');
  expect(told.boards).toHaveLength(3);
});

it('keeps the newest 300 results', async () => {
  const { told, outlet } = open({ boardEverySeconds: 5 });
  for (let i = 0; i < 310; i++) outlet.take(cycle('A1', 'panel'));
  await outlet.close();
  expect(told.boards.at(-1)!.results).toHaveLength(300);
});

it('raises one alarm when it cannot tell, and clears it when it can again', async () => {
  const { told, outlet } = open({ boardEverySeconds: 1 });
  told.failure = new Fault('authority-unreachable', { reason: 'ECONNREFUSED' });
  await vi.advanceTimersByTimeAsync(3100);
  expect(told.alarms).toEqual([['board-unsent', true]]);
  told.failure = undefined;
  await vi.advanceTimersByTimeAsync(1000);
  expect(told.alarms).toEqual([
    ['board-unsent', true],
    ['board-unsent', false],
  ]);
  await outlet.close();
});
