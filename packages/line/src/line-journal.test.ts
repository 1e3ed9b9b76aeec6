// What a line remembers: nothing that is needed is lost when a long journal is cut down, and memory does
// not grow with the chips that passed.

import { Fault } from '@firmseal/fault';
import type { JournalEntry } from '@firmseal/programmer';
import { ModelChip } from '@firmseal/programmer/testing';
import { expect, it } from 'vitest';
import { createModelLine, type ModelLine, modelFile, placeOf } from '../test/model-line.ts';
import { countSince, LineJournal, neededEntries } from './index.ts';

const cutDown = ({ entries }: ModelLine) => {
  const needed = neededEntries(entries);
  entries.splice(0, entries.length, ...needed);
};

it('a line that was killed anywhere goes on from a journal that was cut down', async () => {
  for (let at = 0; ; at++) {
    const model = await createModelLine(modelFile(2));
    for (const i of [1, 2]) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
    let appended = 0;
    model.onAppend = () => {
      if (appended++ === at) throw new Fault('journal-write-failed', { file: 'x', reason: 'killed' });
    };
    const { fault } = await model.run(model.create({ cycles: 1 }));
    model.onAppend = () => undefined;
    cutDown(model);
    const again = await model.run(model.create({ cycles: 1 }));
    expect(again.openCodes, `killed at ${at}`).toEqual([]);
    expect(model.bench.authority.units).toHaveLength(2);
    for (const [, chip] of model.plugged) expect(chip.kept.installCount).toBe(1);
    if (fault === undefined) break;
  }
});

it('a journal that was cut down still knows units and chips that passed', async () => {
  const packages = { panel: { file: 'p', job: 'j', token: 't', units: 3 } };
  const model = await createModelLine(modelFile(3, { packages }));
  for (const i of [1, 2, 3]) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
  await model.run(model.create({ cycles: 1 }));
  const before = model.entries.length;
  cutDown(model);
  expect(model.entries.length).toBeLessThan(before);
  const line = model.create({ cycles: 1 });
  expect(line.unitsLeft()).toEqual([{ package: 'panel', left: 0 }]);
  expect(await model.run(line)).toMatchObject({ refused: 3, openCodes: [] });
});

it('what an engine may ask for does not grow with the chips that passed', async () => {
  const model = await createModelLine(modelFile(1));
  model.plugged.set(placeOf(1), new ModelChip({ name: 'chip 0' }));
  let made = 0;
  const line = model.create({
    cycles: 20,
    onEvent: (event) => {
      if (event.kind !== 'line-cycle') return;
      model.plugged.delete(event.place);
      model.clock.after(5000, () =>
        model.plugged.set(event.place, new ModelChip({ name: `chip ${++made}` })),
      );
    },
  });
  expect(await model.run(line)).toMatchObject({ passed: 20 });
  const journal = new LineJournal({ found: model.entries, append: async () => undefined });
  expect(model.entries.length).toBeGreaterThan(100);
  expect(journal.of(placeOf(1)).entries).toEqual([]);
});

it('counts: a chip that failed and then passed is one, and not at first; a stop and an absence count for nothing', () => {
  const time = '2026-01-01T06:00:00.000Z';
  const entry = (installId: string, body: object) =>
    ({ socket: 'usb:1-1', installId, time, ...body }) as JournalEntry;
  const receipt = {
    kind: 'receipt',
    licenseId: '',
    thumbprint: 'ab',
    fresh: true,
    outcome: 'PASS',
    keptBy: 'authority',
  };
  const entries = [
    entry('1', receipt),
    entry('2', { kind: 'failed', code: 'link-timeout' }),
    entry('2', receipt),
    entry('3', { kind: 'failed', code: 'chip-silent' }),
    entry('4', { kind: 'failed', code: 'install-stopped' }),
    entry('5', { kind: 'failed', code: 'authority-unreachable' }),
  ];
  expect(countSince(entries, Date.parse(time))).toEqual({ passed: 2, passedFirst: 1, failed: 1 });
  expect(countSince(entries, Date.parse(time) + 1)).toEqual({ passed: 0, passedFirst: 0, failed: 0 });
});
