// A sample of the campaign, `npm run lab -- hostile-devices`.

import { expect, test } from 'vitest';
import { doors } from './doors.ts';
import { runDoor } from './run-door.ts';

test.each(Object.entries(doors))('%s: malformed answers end in typed faults', async (door, session) => {
  const report = await runDoor({ door, session, seed: 'sample', answers: 400 });
  expect(report.malformed).toBeGreaterThanOrEqual(400);
  const failed = [...report.faults.values()].reduce((sum, count) => sum + count, 0);
  expect(failed + report.succeeded).toBe(report.sessions);
  expect(failed).toBeGreaterThan(0);
});

test('a client that hangs, and one that throws anything else, is found', async () => {
  const hangs = {
    door: 'a hanging client',
    session: () => new Promise(() => undefined),
    seed: 'x',
    answers: 1,
  };
  await expect(runDoor(hangs)).rejects.toThrow(/nothing moves/);
  const session = async (): Promise<never> => {
    throw new TypeError('a defect');
  };
  await expect(runDoor({ door: 'a defect', session, seed: 'x', answers: 1 })).rejects.toThrow(/a defect/);
});
