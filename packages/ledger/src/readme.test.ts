// The example of README.md, run.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { emptyHead, LogChain, nextLogRow } from './index.ts';

test('the example', () => {
  const timeMs = 1_800_000_000_000;
  const row = nextLogRow(
    crypto,
    { size: 0, head: emptyHead },
    { timeMs, kind: 'token-created', fields: { label: 'owner' } },
  );
  const chain = new LogChain(crypto);
  const breaks = chain.add(row);
  const { size, head } = chain.head;
  expect(breaks).toEqual([]);
  expect(size).toBe(1);
  expect(head).toEqual(row.head);
});
