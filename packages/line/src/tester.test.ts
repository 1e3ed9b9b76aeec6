// A tester's script against a socket: start, wait, result; cancel; what is refused.

import { ModelChip } from '@firmseal/programmer/testing';
import { expect, it } from 'vitest';
import { createModelLine, modelFile, placeOf } from '../test/model-line.ts';
import { type LineEvent, TesterSession } from './index.ts';

async function testerAt(chip: ModelChip | undefined) {
  const model = await createModelLine(modelFile(1, { begin: 'tester' }));
  if (chip !== undefined) model.plugged.set(placeOf(1), chip);
  const heard: string[] = [];
  const sessions: TesterSession[] = [];
  const onEvent = (event: LineEvent) => {
    for (const one of sessions) one.hear(event);
  };
  const line = model.create({ onEvent });
  const session = new TesterSession('A1', line.socket('A1')!, (text) => heard.push(text));
  sessions.push(session);
  return { model, line, session, heard };
}

it('start, wait, result: the shape that scripts for flashers read', async () => {
  const { model, line, session, heard } = await testerAt(new ModelChip({ name: 'a' }));
  model.clock.after(1000, () => {
    session.take('#STATUS');
    session.take('#RESULT');
    session.take('#START SN-1\r');
    session.take('#AUTO');
  });
  model.clock.after(60_000, () => {
    session.take('#result');
    line.drain();
  });
  await model.run(line);
  const ok = /^#OK \(Total \d+\.\ds, Erase \d+\.\ds, Prog \d+\.\ds, Verify \d+\.\ds\)$/;
  expect(heard).toEqual([
    ...['#STATUS:READY', '#NACK', '#ACK', '#NACK'],
    ...['#STATUS:ERASING', '#STATUS:PROGRAMMING', '#STATUS:VERIFYING'],
    ...[expect.stringMatching(ok), expect.stringMatching(ok)],
  ]);
});

it('a failure is #ERR with the exit code and the label of the error', async () => {
  const { model, line, session, heard } = await testerAt(new ModelChip({ name: 'a', lifeCycle: 'blank' }));
  model.clock.after(1000, () => session.take('#START'));
  model.clock.after(60_000, () => line.drain());
  await model.run(line);
  expect(heard.at(-1)).toBe(
    '#ERR014:FS0904 The chip in socket tcp:127.0.0.1:5001 has no identity: its life cycle is blank.',
  );
});

it('a cancelled start ends as stopped, and the next one finishes the chip', async () => {
  const chip = new ModelChip({ name: 'a' });
  const { model, line, session, heard } = await testerAt(chip);
  chip.onRequest = (type, count) => {
    if (type !== 0x22 || count !== 2) return undefined;
    session.take('#CANCEL');
    return 'deaf';
  };
  model.clock.after(1000, () => session.take('#START'));
  model.clock.after(60_000, () => session.take('#START'));
  model.clock.after(120_000, () => line.drain());
  await model.run(line);
  const results = heard.filter((one) => /^#(OK|ERR)/.test(one)).map((one) => one.slice(0, 7));
  expect(results).toEqual(['#ERR017', '#OK (To']);
  expect(model.bench.authority.units).toHaveLength(1);
});

it('what is no command is answered with #NACK', async () => {
  const { model, line, session, heard } = await testerAt(undefined);
  model.clock.after(1000, () => {
    for (const word of ['', 'hello', '#ERASE', '#STARTX']) session.take(word);
    line.drain();
  });
  await model.run(line);
  expect(heard).toEqual(['#NACK', '#NACK', '#NACK']);
});
