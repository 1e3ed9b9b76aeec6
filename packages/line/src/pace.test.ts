// Sockets do not wait for each other: the time of a shift is that of one socket.

import { ModelChip } from '@firmseal/programmer/testing';
import { expect, it } from 'vitest';
import { createModelLine, modelFile, placeOf } from '../test/model-line.ts';

async function simulatedMs(sockets: number, change: Record<string, unknown> = {}): Promise<number> {
  const model = await createModelLine(modelFile(sockets, change), { baud: 115_200 });
  for (let i = 1; i <= sockets; i++) model.plugged.set(placeOf(i), new ModelChip({ name: `chip ${i}` }));
  const end = await model.run(model.create({ cycles: 1 }));
  expect(end.passed).toBe(sockets);
  return model.clock.nowMs();
}

it('12 sockets take as long as one; one at a time they take many times as long', async () => {
  const one = await simulatedMs(1);
  expect(await simulatedMs(12)).toBeLessThan(one * 1.1);
  expect(await simulatedMs(12, { mostAtOnce: 1 })).toBeGreaterThan(one * 6);
});
