// The example of README.md.

import { expect, test } from 'vitest';
import { writeSfi } from '../test/write-sfi.ts';
import { findCauses, readSfi, readToolLog } from './index.ts';

test('the example of the README', () => {
  const file = writeSfi([
    { type: 'F', payload: new Uint8Array(16), destinationAddress: 0x08000000 },
    { type: 'C', payload: new Uint8Array(36) },
  ]);
  const { version, areas, notes } = readSfi(file);
  const log = readToolLog('Error: Execution of RSS CMD failed, returned value = 0x1');
  const [cause] = findCauses({ log, failed: true });
  expect([version, areas.length, notes.length, cause?.id]).toEqual([1, 2, 0, 'rss-0x1']);
});
