// A sample of cut personalizations; `npm run lab -- ways` has them all.

import { describe, expect, it } from 'vitest';
import { interrupt, moments, operationsOf, subject, type WayName } from './interruption.ts';

/** The first and last operation of each kind, and one in the middle. */
function sample(operations: readonly { number: number; kind: string }[]): number[] {
  const kinds = [...new Set(operations.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const numbers = operations.filter((one) => one.kind === kind).map(({ number }) => number);
    return [numbers[0]!, numbers[Math.floor(numbers.length / 2)]!, numbers.at(-1)!];
  });
}

describe.each<[string, WayName]>([
  ['stm32g0b1', 'serial line'],
  ['stm32f427', 'debug port'],
])('a personalization of %s over the %s that is cut', (id, way) => {
  it('is finished by the same command', async () => {
    const one = await subject(id, way);
    const numbers = [...new Set(sample(await operationsOf(one)))];
    expect(numbers.length).toBeGreaterThanOrEqual(6);
    for (const [i, operation] of numbers.entries()) {
      const moment = moments[i % moments.length]!;
      const { end } = await interrupt(one, { operation, moment });
      expect(end, `operation ${operation} ${moment}`).toBe('finished');
    }
  });
});
