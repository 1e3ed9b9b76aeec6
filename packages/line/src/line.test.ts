// A line of model chips: chips come and go, sockets fail for themselves, and nothing is lost or spent twice.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { ModelChip } from '@firmseal/programmer/testing';
import { expect, it } from 'vitest';
import { createModelLine, type ModelLine, modelFile, placeOf } from '../test/model-line.ts';
import { type BlankChips, countSince, exitCodeOfLine, type LineEvent } from './index.ts';

type Kind<K extends LineEvent['kind']> = Extract<LineEvent, { kind: K }>;

const eventsOf = <K extends LineEvent['kind']>({ events }: ModelLine, kind: K): Kind<K>[] =>
  events.filter((event): event is Kind<K> => event.kind === kind);

const statesOf = (line: ModelLine, name: string) =>
  eventsOf(line, 'line-socket').flatMap((event) => (event.name === name ? [event.state] : []));

const outcomes = (line: ModelLine) =>
  eventsOf(line, 'line-cycle').map(({ name, outcome, fault }) => `${name} ${fault?.code ?? outcome}`);

/** Calls back for each event, as an operator does who looks at the screen. */
function onEvent(model: ModelLine, act: (event: LineEvent) => void): (event: LineEvent) => void {
  return (event) => {
    model.events.push(event);
    act(event);
  };
}

/** Takes a chip out when its result is there, and puts the next one in a while later. */
function operator(model: ModelLine, chips: ModelChip[]) {
  return onEvent(model, (event) => {
    if (event.kind !== 'line-cycle') return;
    model.plugged.delete(event.place);
    const next = chips.shift();
    if (next !== undefined) model.clock.after(5000, () => model.plugged.set(event.place, next));
  });
}

it('chip in, install, result, chip out, next', async () => {
  const model = await createModelLine(modelFile(2));
  model.plugged.set(placeOf(1), new ModelChip({ name: 'a' }));
  model.plugged.set(placeOf(2), new ModelChip({ name: 'b' }));
  const chips = [new ModelChip({ name: 'c' }), new ModelChip({ name: 'd' })];
  const line = model.create({ cycles: 2, onEvent: operator(model, chips) });
  const end = await model.run(line);
  expect(end).toMatchObject({ passed: 4, passedFirst: 4, failed: 0, refused: 0, openCodes: [], cycles: 4 });
  expect(exitCodeOfLine(end)).toBe(0);
  expect(statesOf(model, 'A1')).toEqual(['empty', 'installing', 'done', 'empty', 'installing', 'ended']);
  expect(model.bench.authority.units).toHaveLength(4);
});

it('a result stands until the chip is taken out', async () => {
  const model = await createModelLine(modelFile(1));
  model.plugged.set(placeOf(1), new ModelChip({ name: 'a' }));
  const line = model.create();
  model.clock.after(60_000, () => line.drain());
  await model.run(line);
  expect(outcomes(model)).toEqual(['A1 pass']);
});

it('a socket that fails stops no other, and halts after so many failures until it is told to go on', async () => {
  const model = await createModelLine(modelFile(2, { haltAfter: 2 }));
  const broken = [1, 2, 3].map((i) => new ModelChip({ name: `blank ${i}`, lifeCycle: 'blank' }));
  model.plugged.set(placeOf(1), broken[0]!);
  model.plugged.set(placeOf(2), new ModelChip({ name: 'good' }));
  const next = [...broken.slice(1)];
  const line = model.create({ onEvent: operator(model, next) });
  model.clock.after(60_000, () => {
    expect(line.socket('A1')!.state).toBe('halted');
    model.plugged.set(placeOf(1), new ModelChip({ name: 'sound' }));
  });
  model.clock.after(120_000, () => expect(line.socket('A1')!.begin()).toBe(true));
  model.clock.after(180_000, () => line.drain());
  const end = await model.run(line);
  expect(outcomes(model).filter((one) => one.startsWith('A1'))).toEqual([
    ...['A1 chip-not-ready', 'A1 chip-not-ready', 'A1 pass'],
  ]);
  expect(outcomes(model)).toContain('A2 pass');
  expect(exitCodeOfLine(end)).toBe(14);
  const alarms = eventsOf(model, 'line-alarm').map(({ fault, raised }) => `${fault.code} ${raised}`);
  expect(alarms).toEqual(['line-socket-halted true', 'line-socket-halted false']);
});

it('a chip that passed is refused in any socket, also after a restart; it can be allowed', async () => {
  const model = await createModelLine(modelFile(2));
  const chip = new ModelChip({ name: 'a' });
  model.plugged.set(placeOf(1), chip);
  const first = model.create({ onEvent: operator(model, []) });
  model.clock.after(30_000, () => first.drain());
  await model.run(first);
  const requests = chip.requests.length;
  model.plugged.set(placeOf(2), chip);
  const second = model.create({ onEvent: operator(model, []) });
  model.clock.after(30_000, () => second.drain());
  const end = await model.run(second);
  expect(outcomes(model)).toEqual(['A1 pass', 'A2 chip-seen-before']);
  expect(end).toMatchObject({ passed: 1, refused: 1, openCodes: [] });
  // Info and hello: nothing that changes a chip.
  expect(chip.requests.slice(requests).filter((type) => type > 2)).toEqual([]);
  const allowed = await createModelLine(modelFile(1, { repeatChips: 'allow' }));
  allowed.plugged.set(placeOf(1), new ModelChip({ name: 'a' }));
  const twice = allowed.create({ cycles: 2 });
  allowed.clock.after(30_000, () => twice.socket('A1')!.begin());
  await allowed.run(twice);
  expect(outcomes(allowed)).toEqual(['A1 pass', 'A1 pass']);
  expect(allowed.bench.authority.units).toHaveLength(1);
});

it('a line takes no more units than its file allows, however many sockets ask at once', async () => {
  const packages = { panel: { file: 'p', job: 'j', token: 't', units: 3 } };
  const model = await createModelLine(modelFile(8, { packages }));
  for (let i = 1; i <= 8; i++) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
  const line = model.create({ cycles: 1 });
  const end = await model.run(line);
  expect(model.bench.authority.units).toHaveLength(3);
  expect(end.passed).toBe(3);
  expect(exitCodeOfLine(end)).toBe(11);
  expect(line.unitsLeft()).toEqual([{ package: 'panel', left: 0 }]);
});

it('chips wait for an authority that is away, and nothing counts as failed', async () => {
  const model = await createModelLine(modelFile(1));
  model.plugged.set(placeOf(1), new ModelChip({ name: 'a' }));
  for (const call of ['giveChallenge', 'issueLicense', 'storeReceipt'] as const)
    for (const after of [false, true])
      model.bench.authority.failures.push({
        ...{ call, after },
        fault: new Fault('authority-unreachable', { reason: 'ECONNREFUSED' }),
      });
  const end = await model.run(model.create({ cycles: 1 }));
  expect(outcomes(model)).toEqual(['A1 pass']);
  expect(end).toMatchObject({ passed: 1, passedFirst: 1, failed: 0, openCodes: [] });
  expect(statesOf(model, 'A1').filter((state) => state === 'held')).toHaveLength(6);
  expect(model.bench.authority.units).toHaveLength(1);
  const alarms = eventsOf(model, 'line-alarm').map(({ raised }) => raised);
  expect(alarms).toEqual([true, false]);
});

it('64 sockets, two controllers: never more at once than allowed, and all pass', async () => {
  const sockets = Array.from({ length: 64 }, (_, i) => ({
    ...{ name: `S${i + 1}`, place: placeOf(i + 1), package: 'panel', controller: i < 32 ? 'hub1' : 'hub2' },
  }));
  const controllers = { hub1: { mostAtOnce: 4 }, hub2: { mostAtOnce: 32 } };
  const model = await createModelLine(modelFile(0, { sockets, controllers, mostAtOnce: 20 }));
  for (let i = 1; i <= 64; i++) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
  const busy = { hub1: 0, all: 0, mostHub1: 0, mostAll: 0 };
  const line = model.create({
    cycles: 1,
    onEvent: onEvent(model, (event) => {
      if (event.kind !== 'line-install') return;
      const { kind, socketNumber } = event.install;
      const step = kind === 'planned' ? 1 : kind === 'result' ? -1 : 0;
      if (socketNumber <= 32) busy.hub1 += step;
      busy.all += step;
      busy.mostHub1 = Math.max(busy.mostHub1, busy.hub1);
      busy.mostAll = Math.max(busy.mostAll, busy.all);
    }),
  });
  const end = await model.run(line);
  expect(end).toMatchObject({ passed: 64, failed: 0 });
  expect(busy.mostHub1).toBe(4);
  expect(busy.mostAll).toBe(20);
});

it('without a journal nothing goes on: the line ends with its fault', async () => {
  const model = await createModelLine(modelFile(3));
  const chips = [1, 2, 3].map((i) => new ModelChip({ name: `chip ${i}` }));
  for (const [i, chip] of chips.entries()) model.plugged.set(placeOf(i + 1), chip);
  model.onAppend = ({ kind }) => {
    if (kind === 'begun')
      throw new Fault('journal-write-failed', { file: 'journal.jsonl', reason: 'ENOSPC' });
  };
  const end = await model.run(model.create());
  expect(end.fault?.code).toBe('journal-write-failed');
  expect(exitCodeOfLine(end)).toBe(16);
  // 0x21 is the license: no chip was told to erase.
  expect(chips.flatMap(({ requests }) => requests)).not.toContain(0x21);
});

it('killed before or after any line of the journal, the same line ends the same: one unit a chip', async () => {
  let killed = 0;
  for (let at = 0; ; at++) {
    const model = await createModelLine(modelFile(2));
    for (const i of [1, 2]) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
    const first = model.create({ cycles: 1 });
    let appended = 0;
    model.onAppend = () => {
      if (appended++ === at) throw new Fault('journal-write-failed', { file: 'x', reason: 'killed' });
    };
    const end = await model.run(first);
    if (end.fault === undefined) break;
    killed++;
    model.onAppend = () => undefined;
    const again = await model.run(model.create({ cycles: 1 }));
    expect(again.fault, `killed at ${at}`).toBeUndefined();
    expect(again.openCodes).toEqual([]);
    expect(model.bench.authority.units).toHaveLength(2);
    for (const [, chip] of model.plugged) expect(chip.kept.installCount).toBe(1);
  }
  expect(killed).toBeGreaterThan(8);
});

it('a scanned label comes before each chip and is in its result', async () => {
  const model = await createModelLine(modelFile(1, { labels: 'required' }));
  model.plugged.set(placeOf(1), new ModelChip({ name: 'a' }));
  const line = model.create({ cycles: 1 });
  model.clock.after(60_000, () => {
    expect(outcomes(model)).toEqual([]);
    expect(line.socket('A1')!.state).toBe('label');
    line.socket('A1')!.label('SN-0001');
  });
  await model.run(line);
  expect(eventsOf(model, 'line-cycle').map(({ label, outcome }) => [label, outcome])).toEqual([
    ['SN-0001', 'pass'],
  ]);
});

it('a clock that goes back two days: chips that passed are still refused, and counts go on', async () => {
  const model = await createModelLine(modelFile(2));
  const chip = new ModelChip({ name: 'a' });
  model.plugged.set(placeOf(1), chip);
  const first = model.create({ onEvent: operator(model, []) });
  model.clock.after(10_000, () => first.drain());
  await model.run(first);
  const past = () => new Date(Date.UTC(2025, 11, 30) + model.clock.nowMs());
  model.plugged.set(placeOf(2), chip);
  model.plugged.set(placeOf(1), new ModelChip({ name: 'b' }));
  const second = model.create({
    ...{ now: past, cycles: 1, counts: countSince(model.entries, past().getTime() - 12 * 3_600_000) },
  });
  const end = await model.run(second);
  expect(outcomes(model).sort()).toEqual(['A1 pass', 'A1 pass', 'A2 chip-seen-before']);
  expect(end).toMatchObject({ passed: 2, refused: 1 });
});

it('an authority that is away for a day: the chip waits, few attempts are made, and it passes', async () => {
  const model = await createModelLine(modelFile(1));
  const chip = new ModelChip({ name: 'a' });
  model.plugged.set(placeOf(1), chip);
  const { authority } = model.bench;
  const fault = new Fault('authority-timeout', { timeoutMs: 10_000, attempts: 5 });
  const attempts = 24 * 60;
  for (let i = 0; i < attempts; i++) authority.failures.push({ call: 'giveChallenge', after: false, fault });
  const end = await model.run(model.create({ cycles: 1 }));
  expect(end).toMatchObject({ passed: 1, passedFirst: 1, failed: 0 });
  expect(model.clock.nowMs()).toBeGreaterThan(23 * 3_600_000);
  expect(eventsOf(model, 'line-alarm')).toHaveLength(2);
});

it('licenses that are left are warned about, and do not grow when a pass is long ago', async () => {
  const model = await createModelLine(modelFile(1));
  const chips = ['a', 'b', 'c'].map((name) => new ModelChip({ name }));
  const licensed = new Set(chips.map(({ device }) => toHex(device.thumbprint)));
  const { sealed, authority, verifier } = model.bench;
  const packages = new Map([['panel', { sealed, authority, verifier, licensed }]]);
  model.plugged.set(placeOf(1), chips[0]!);
  const line = model.create({ packages, onEvent: operator(model, [chips[1]!]), cycles: 2 });
  await model.run(line);
  expect(line.unitsLeft()).toEqual([{ package: 'panel', left: 1 }]);
  expect(eventsOf(model, 'line-alarm')).toEqual([]);
  model.clock.after(100 * 3_600_000, () => model.plugged.set(placeOf(1), chips[2]!));
  const slow = { lookEveryMs: 600_000 };
  const later = model.create({ packages, onEvent: operator(model, []), cycles: 1, ...slow });
  await model.run(later);
  expect(later.unitsLeft()).toEqual([{ package: 'panel', left: 0 }]);
  const alarms = eventsOf(model, 'line-alarm').map(({ fault, raised }) => [fault.sentence, raised]);
  expect(alarms).toEqual([['The package panel has 0 units left at this line.', true]]);
});

it('few units are an alarm, none is another, which takes its place', async () => {
  const file = modelFile(1, {
    packages: {
      panel: { file: 'panel.seal', job: 'panel.job', token: 'line.token', units: 3, warnBelow: 1 },
    },
  });
  const model = await createModelLine(file);
  const chips = ['a', 'b', 'c'].map((name) => new ModelChip({ name }));
  model.plugged.set(placeOf(1), chips.shift()!);
  await model.run(model.create({ onEvent: operator(model, chips), cycles: 3 }));
  const alarms = eventsOf(model, 'line-alarm').map(({ fault, raised }) => [
    /has (\d) units/.exec(fault.sentence)?.[1],
    raised,
  ]);
  expect(alarms).toEqual([
    ['1', true],
    ['1', false],
    ['0', true],
  ]);
});

it('a blank chip is personalized once, and its failure is that of its socket', async () => {
  const model = await createModelLine(modelFile(2));
  const chip = new ModelChip({ name: 'a' });
  let prepared = 0;
  const blank = (place: string, fault?: Fault): BlankChips => ({
    isThere: async () => !model.plugged.has(place),
    async prepare(onStep) {
      if (model.plugged.has(place)) return;
      prepared++;
      onStep('begun');
      if (fault !== undefined) throw fault;
      model.plugged.set(place, chip);
    },
  });
  const broken = new Fault('probe-refused');
  const blankChips = new Map([
    ['A1', blank(placeOf(1))],
    ['A2', blank(placeOf(2), broken)],
  ]);
  const line = model.create({ blankChips });
  model.clock.after(120_000, () => line.drain());
  await model.run(line);
  expect(outcomes(model).sort()).toEqual(['A1 pass', 'A2 probe-refused']);
  expect(prepared).toBe(2);
});
