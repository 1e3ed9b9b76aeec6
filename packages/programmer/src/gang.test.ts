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
  expect(lines.filter((line) => line.startsWith('#RESULT:2:#ERROR:FS0909 '))).toHaveLength(1);
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

test.each([1, 2])('one chip under two names counts once, %i at a time', async (mostAtOnce) => {
  const chip = new ModelChip({ name: 'two names' });
  const bench = await createBench({ 'tcp:localhost:5001': chip, 'tcp:127.0.0.1:5001': chip });
  const results = await bench.run({ mostAtOnce });
  expect(results.map(({ outcome }) => outcome).sort()).toEqual(['fail', 'pass']);
  const failed = results.find((one) => one.outcome === 'fail')!;
  const passed = results.find((one) => one.outcome === 'pass')!;
  expect(failed).toMatchObject({
    fault: { code: 'chip-met-twice', fields: { socket: failed.socket, other: passed.socket } },
  });
  expect(bench.authority.units).toHaveLength(1);
  expect(bench.authority.receipts.size).toBe(1);
  expect(exitCodeOf(results)).toBe(exitCodes.station);
});

test('a blank chip fails within half a minute, and no unit is spoken of that nobody took', async () => {
  const chips = gangOf(1);
  chips['usb-1']!.onRequest = () => 'deaf';
  const bench = await createBench(chips);
  const [result] = await bench.run();
  expect(result).toMatchObject({ outcome: 'fail', fault: { code: 'chip-silent' } });
  expect(result!.times.totalMs).toBeLessThan(30_000);
  expect(bench.authority.units).toHaveLength(0);
  const shown = JSON.stringify(bench.events.at(-1));
  expect(shown).toContain('firmseal personalize');
  expect(shown).not.toContain('stays with it');
});

test('a chip that answered once and then fell silent gets all its restarts', async () => {
  const chips = gangOf(1);
  chips['usb-1']!.onRequest = (type) => (type === 0x01 ? undefined : 'deaf');
  const bench = await createBench(chips);
  const [result] = await bench.run({ mostRestarts: 3 });
  expect(result).toMatchObject({ fault: { code: 'install-restarts-exhausted', fields: { restarts: 3 } } });
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
