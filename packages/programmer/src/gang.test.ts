import { exitCodes } from '@firmseal/fault';
import { describe, expect, test } from 'vitest';
import { createBench } from '../test/bench.ts';
import { ModelChip } from '../test/model-chip.ts';
import { exitCodeOf } from './exit-code.ts';
import { renderResult } from './render-result.ts';

const gangOf = (count: number) => {
  const chips: Record<string, ModelChip> = {};
  for (let i = 1; i <= count; i++) chips[`usb-${i}`] = new ModelChip({ name: `chip ${i}` });
  return chips;
};

test('ten sockets at once: one unit each, results in the order of the command', async () => {
  const bench = await createBench(gangOf(10));
  const results = await bench.run();
  expect(results.map(({ socket, socketNumber }) => [socket, socketNumber])).toEqual(
    Array.from({ length: 10 }, (_, i) => [`usb-${i + 1}`, i + 1]),
  );
  expect(exitCodeOf(results)).toBe(0);
  expect(new Set(bench.authority.units).size).toBe(10);
  // They ran side by side: every socket was at work before the first result.
  const firstResult = bench.events.findIndex(({ kind }) => kind === 'result');
  expect(new Set(bench.events.slice(0, firstResult).map(({ socket }) => socket)).size).toBe(10);
});

test('no more at a time than asked', async () => {
  const bench = await createBench(gangOf(5));
  const results = await bench.run({ mostAtOnce: 2 });
  expect(results).toHaveLength(5);
  let open = 0;
  let most = 0;
  for (const { kind } of bench.events) {
    if (kind === 'planned') most = Math.max(most, ++open);
    if (kind === 'result') open--;
  }
  expect(most).toBe(2);
});

test('one bad socket does not hold up the others', async () => {
  const chips = gangOf(3);
  chips['usb-2']!.onRequest = () => 'deaf';
  const bench = await createBench(chips);
  const results = await bench.run({ mostRestarts: 1 });
  expect(results.map(({ outcome }) => outcome)).toEqual(['pass', 'fail', 'pass']);
  expect(exitCodeOf(results)).toBe(exitCodes.link);
  const lines = bench.events.flatMap((event) => (event.kind === 'result' ? [renderResult(event)] : []));
  expect(lines.filter((line) => /^#RESULT:[13]:#OK \(Total \d+\.\ds, Erase .*\)$/.test(line))).toHaveLength(
    2,
  );
  expect(lines.filter((line) => line.startsWith('#RESULT:2:#ERROR:FS0901 '))).toHaveLength(1);
});

test('the same chip in another socket is the same unit', async () => {
  const chip = new ModelChip({ name: 'wanderer' });
  const bench = await createBench({ 'usb-1': chip });
  await bench.run();
  bench.sockets.clear();
  bench.sockets.set('usb-9', chip);
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass', socket: 'usb-9' });
  expect(bench.authority.units).toHaveLength(1);
});

describe('the command itself', () => {
  test('a socket twice is refused before anything starts', async () => {
    const bench = await createBench(gangOf(1));
    await expect(bench.run({ sockets: ['usb-1', 'usb-1'] })).rejects.toMatchObject({
      code: 'socket-repeated',
    });
    expect(bench.events).toHaveLength(0);
  });
  test('no socket is no success', () => {
    expect(exitCodeOf([])).toBe(exitCodes.usage);
  });
});
