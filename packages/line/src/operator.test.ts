// What an operator types and scans: sockets, labels, the end.

import { expect, it } from 'vitest';
import { createModelLine, modelFile } from '../test/model-line.ts';
import { Operator } from './index.ts';

async function operatorOf(labels: 'none' | 'required', sockets = 2) {
  const model = await createModelLine(modelFile(sockets, { labels }));
  const line = model.create();
  return { model, line, operator: new Operator(line, labels) };
}

it('the name of a socket begins there; anything else is named', async () => {
  const { operator } = await operatorOf('none');
  expect(operator.take('A1')).toEqual({ kind: 'done', says: 'A1: begins' });
  expect(operator.take('A9')).toEqual({ kind: 'done', says: 'no socket A9' });
  expect(operator.take(' quit ')).toEqual({ kind: 'drain' });
  expect(operator.take('stop')).toEqual({ kind: 'stop' });
});

it('a label is for the socket that was scanned before it, or for the only one that waits', async () => {
  const { model, line, operator } = await operatorOf('required');
  expect(operator.take('SN-1')).toEqual({ kind: 'done', says: 'scan the socket first' });
  expect(operator.take('A2')).toEqual({ kind: 'done', says: 'A2: the next label is for it' });
  expect(operator.prompt).toContain('A2');
  expect(operator.take('SN-2')).toEqual({ kind: 'done', says: 'A2: label SN-2' });
  model.clock.after(1000, () => {
    expect(line.socket('A1')!.state).toBe('label');
    expect(operator.take('SN-1')).toEqual({ kind: 'done', says: 'A1: label SN-1' });
    line.drain();
  });
  await model.run(line);
});

it.each(['', 'x'.repeat(65), 'a\u001b[2Jb'])('%j is no label', async (text) => {
  const { operator } = await operatorOf('required', 1);
  operator.take('A1');
  expect(operator.take(text)).toMatchObject({ says: expect.stringContaining('printable') });
});
