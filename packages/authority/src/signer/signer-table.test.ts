// A chip that needs no decision is counted in two statements: everything that makes one necessary
// must stand in the first of them.

import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import type { Claim } from './claim.ts';
import { openSqliteSignerDatabase } from './signer-database.ts';
import { SignerTable } from './signer-table.ts';

const job = { jobId: crypto.randomBytes(16), product: 'thermostat', quota: 2, terms: crypto.randomBytes(32) };
const claimOf = (thumbprint: Bytes, unitIndex: number, change: Partial<Claim> = {}): Claim => ({
  ...{ job, thumbprint, unitIndex, isUnitOwn: false, request: crypto.sha256(thumbprint), ceiling: 16 },
  ...{ atMs: 1, stops: [{ kind: 'product', name: 'thermostat' }], ...change },
});
const [first, second, third] = [1, 2, 3].map(() => crypto.randomBytes(32)) as [Bytes, Bytes, Bytes];

/** A table that has counted one chip of two. */
async function counted(): Promise<SignerTable> {
  const table = new SignerTable(openSqliteSignerDatabase(':memory:'));
  await table.count(claimOf(first, 0));
  return table;
}
async function countOf(table: SignerTable): Promise<number> {
  let found = -1;
  await table.endJob(job, 1, async (count) => {
    found = count;
    return Uint8Array.of(1);
  });
  return found;
}

test('a new chip is counted, and the same request is counted once', async () => {
  const table = await counted();
  await table.count(claimOf(first, 0));
  await table.count(claimOf(second, 1));
  expect(await countOf(table)).toBe(2);
});

test('a new chip of a job in other terms is refused', async () => {
  const table = await counted();
  const claim = claimOf(second, 1, { job: { ...job, terms: crypto.randomBytes(32) } });
  await expect(table.count(claim)).rejects.toMatchObject({ code: 'signer-job-differs' });
  expect(await countOf(table)).toBe(1);
});

test('a new chip of a job that has ended is refused', async () => {
  const table = await counted();
  await table.endJob(job, 1, async () => Uint8Array.of(1));
  await expect(table.count(claimOf(second, 1))).rejects.toMatchObject({ code: 'job-closed' });
});

test('a new chip without room is refused, and one of a product that is stopped', async () => {
  const table = await counted();
  const stop = { kind: 'product', name: 'thermostat', reason: 'recalled', atMs: 1 } as const;
  await table.setStop(stop);
  await expect(table.count(claimOf(second, 1))).rejects.toMatchObject({ code: 'issue-stopped' });
  await table.liftStop(stop);
  await table.count(claimOf(second, 1));
  await expect(table.count(claimOf(third, 2))).rejects.toMatchObject({ code: 'signer-quota-exhausted' });
  expect(await countOf(table)).toBe(2);
});
