// README.md's example.

import { expect, test } from 'vitest';
import { isProbe, knownUsb } from './index.ts';

test('the example', () => {
  const known = knownUsb({ vendorId: 0x0483, productId: 0x374b });
  expect([known?.name, known && isProbe(known)]).toEqual(['ST-LINK/V2-1', true]);
});
