// README.md's example.

import { expect, test } from 'vitest';
import { parsePlace, placeText } from './index.ts';

test('the example', () => {
  const place = parsePlace('serial:com7@921600');
  expect(place).toEqual({ kind: 'serial', path: 'COM7', baud: 921600 });
  expect(placeText(place)).toBe('serial:COM7@921600');
});
