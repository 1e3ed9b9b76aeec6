import { expect, test } from 'vitest';
import { judge } from './outcome.ts';
import { readToolLog } from './tool-log.ts';

const done = 'SFI Process Finished!';
const expected = { RDP: 0xbb };
const cases: readonly (readonly [string, string, Record<string, number> | undefined, string])[] = [
  ['the line, and the state', done, { RDP: 0xbb }, 'DONE-UNPROVEN'],
  ['the line, and another state', done, { RDP: 0xaa }, 'FAILED'],
  ['the line, and no answer afterwards', done, undefined, 'UNKNOWN'],
  ['the line, and another option byte only', done, { TZEN: 1 }, 'UNKNOWN'],
  ['the line and an error', `Error: something\n${done}`, { RDP: 0xbb }, 'UNKNOWN'],
  [
    'the line and the error of a closed port',
    `Error: failed to reconnect after reset !\n${done}`,
    { RDP: 0xbb },
    'DONE-UNPROVEN',
  ],
  [
    'the error of a closed port and no line',
    'Error: failed to reconnect after reset !',
    { RDP: 0xbb },
    'FAILED',
  ],
  ['the state and no line', 'Installing Areas...', { RDP: 0xbb }, 'UNKNOWN'],
  ['an error', 'Error: Operation failed', { RDP: 0xbb }, 'FAILED'],
  ['nothing', '', undefined, 'UNKNOWN'],
];

test.each(cases)('%s', (_, text, fields, outcome) => {
  const state = fields === undefined ? undefined : { fields };
  expect(
    judge({ log: readToolLog(text), family: 'u5', expected, state, installedBefore: false }).outcome,
  ).toBe(outcome);
});

test('a discovery tells the product state', () => {
  const state = { fields: {}, lifecycle: 'ST_LIFECYCLE_CLOSED' };
  const given = { log: readToolLog(done), family: 'h5', state, installedBefore: false } as const;
  expect(judge({ ...given, expected: { PRODUCT_STATE: 0x72 } }).outcome).toBe('DONE-UNPROVEN');
  expect(judge({ ...given, expected: { PRODUCT_STATE: 0x2e } }).outcome).toBe('FAILED');
});
