// An audit that takes long shows how far it is, and hears in between what happens beside it.

import { expect, it } from 'vitest';
import { auditPace, paced } from './audit-pace.ts';

/** Steps of so many milliseconds, each with the number of its entry. */
function run(steps: number, stepMs: number): { notes: string[]; pauses: Promise<void>[] } {
  const notes: string[] = [];
  let now = 0;
  const pace = auditPace({ note: (line) => notes.push(line) }, () => now);
  const pauses: Promise<void>[] = [];
  for (let done = 1; done <= steps; done++) {
    now += stepMs;
    const pause = pace({ what: 'entries', done, of: steps });
    if (pause !== undefined) pauses.push(pause);
  }
  return { notes, pauses };
}

it('says nothing of work that ends within a second', () => {
  expect(run(9, 100).notes).toEqual([]);
});

it('says after a second how far it is, and then every five', () => {
  expect(run(120, 100).notes).toEqual([
    'entries read: 10 of 120, 1 s',
    'entries read: 60 of 120, 6 s',
    'entries read: 110 of 120, 11 s',
  ]);
});

it('lets other things happen ten times a second, and waits for them', async () => {
  const { pauses } = run(100, 25);
  expect(pauses).toHaveLength(25);
  let happened = false;
  setImmediate(() => {
    happened = true;
  });
  await run(8, 25).pauses[1];
  expect(happened).toBe(true);
});

it('passes lines of evidence on, and counts them', async () => {
  const notes: string[] = [];
  let now = 0;
  const pace = auditPace({ note: (line) => notes.push(line) }, () => (now += 400));
  async function* lines() {
    yield* ['a', 'b', 'c', 'd'];
  }
  const passed: string[] = [];
  for await (const line of paced(lines(), pace)) passed.push(line);
  expect([passed.join(''), notes]).toEqual(['abcd', ['lines of evidence audited: 3, 1 s']]);
});
