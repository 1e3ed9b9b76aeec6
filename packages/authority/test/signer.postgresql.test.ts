// Two signers, each beside an HTTP process of its own, that count in one PostgreSQL database: the quota holds
// over both, and nobody but their role writes the table.

import { readFileSync } from 'node:fs';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { Fault } from '@firmseal/fault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipTests } from '../../../tools/test-report/skip-tests.ts';
import { openPostgresSignerDatabase, type SignerDatabase } from '../src/index.ts';
import type { Claim } from '../src/signer/claim.ts';
import { SignerTable } from '../src/signer/signer-table.ts';
import { lackingPostgres, PostgresCluster } from './postgres-cluster.ts';
import { ServedSigner } from './served-signer.ts';
import { siteTablePromises } from './site-table-promises.ts';

const lacking = lackingPostgres();
skipTests(lacking);

const page = readFileSync(new URL('../../../docs/authority-on-postgresql.md', import.meta.url), 'utf8');
const [roles] = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql!);

let cluster: PostgresCluster;
let [one, other]: [ServedSigner, ServedSigner] = [] as never;
beforeAll(async () => {
  if (lacking !== undefined) return;
  cluster = await PostgresCluster.start();
  cluster.psql(roles!);
  const address = cluster.address({ schema: 'firmseal', user: 'firmseal_sign' });
  const open = () => openPostgresSignerDatabase(address, { allowUnsynchronized: true });
  one = await ServedSigner.start(open);
  // The same keys, another process would have them too.
  other = new ServedSigner(one.owner);
  Object.assign(other, { keys: one.keys, approvers: one.approvers, openDatabase: open });
  await other.begin();
});
afterAll(async () => {
  await one?.remove();
  await other?.remove();
  await cluster?.remove();
});

it('a crowd at both gets as many licenses as the quota has units', async () => {
  const order = await one.job(3);
  const requests = await Promise.all(
    Array.from({ length: 12 }, (_, unitIndex) => one.request(order, { unitIndex })),
  );
  const ask = (i: number, by: ServedSigner) =>
    by.client.issue(requests[i]!).then(
      () => 'issued',
      (fault: Fault) => fault.code,
    );
  const answers = await Promise.all(requests.map((_, i) => ask(i, i % 2 === 0 ? one : other)));
  expect(answers.filter((answer) => answer === 'issued').length).toBe(3);
  // Who was counted by one is known to the other.
  const again = await Promise.all(requests.map((_, i) => ask(i, i % 2 === 0 ? other : one)));
  expect(again).toEqual(answers);
  const counted = cluster.psql(
    'SELECT counted, (SELECT count(*) FROM firmseal_signer.signer_units) FROM firmseal_signer.signer_jobs',
  );
  expect(counted).toBe('3|3');
});

it('new chips are counted by one statement, and what has to be decided is decided alone', async () => {
  const address = cluster.address({ schema: 'firmseal', user: 'firmseal_sign' });
  const database = await openPostgresSignerDatabase(address, { allowUnsynchronized: true });
  const done = { statements: 0, transactions: 0 };
  const table = new SignerTable({
    transaction: (action) => {
      done.transactions++;
      return database.transaction(action);
    },
    statement: (sql, values) => {
      done.statements++;
      return database.statement!(sql, values);
    },
    close: () => database.close(),
  });
  const digest = () => crypto.randomBytes(32);
  const job = { jobId: crypto.randomBytes(16), product: 'thermostat', quota: 6, terms: digest() };
  const claim = (more: Partial<Claim> = {}): Claim => ({
    ...{ job, thumbprint: digest(), unitIndex: 0, isUnitOwn: false, request: digest(), ceiling: 16, atMs: 1 },
    ...{ stops: [{ kind: 'device', name: 'one' }], ...more },
  });
  const codeOf = (one: Claim) =>
    table.count(one).then(
      () => 'counted',
      (fault: Fault) => fault.code,
    );
  const counted = () =>
    cluster.psql(
      `SELECT counted, (SELECT count(*) FROM firmseal_signer.signer_units u WHERE u.job_id = j.job_id)
       FROM firmseal_signer.signer_jobs j WHERE job_id = '\\x${toHex(job.jobId)}'`,
    );
  expect(await codeOf(claim())).toBe('counted'); // pins the job
  expect(done).toEqual({ statements: 1, transactions: 1 });
  const three = [claim(), claim(), claim()];
  expect(await Promise.all(three.map(codeOf))).toEqual(['counted', 'counted', 'counted']);
  expect(done).toEqual({ statements: 2, transactions: 1 });

  const twice = claim();
  expect(await Promise.all([twice, twice, three[0]!].map(codeOf))).toEqual(['counted', 'counted', 'counted']);
  expect(counted()).toBe('5|5');
  await table.setStop({ kind: 'device', name: 'one', reason: 'stolen', atMs: 1 });
  expect(await codeOf(claim())).toBe('issue-stopped');
  const stops: Claim['stops'] = [{ kind: 'device', name: 'other' }];
  expect(await codeOf(claim({ stops, job: { ...job, terms: digest() } }))).toBe('signer-job-differs');
  const crowd = await Promise.all([claim({ stops }), claim({ stops }), claim({ stops })].map(codeOf));
  expect(crowd.sort()).toEqual(['counted', 'signer-quota-exhausted', 'signer-quota-exhausted']);
  await table.endJob(job, 1, async () => digest());
  expect(await codeOf(claim({ stops }))).toBe('job-closed');
  expect(counted()).toBe('6|6');
  await table.close();
});

describe('sites in the signer table on PostgreSQL', () => {
  let two: readonly [SignerDatabase, SignerDatabase] = [] as never;
  beforeAll(async () => {
    if (lacking !== undefined) return;
    const address = cluster.address({ schema: 'firmseal', user: 'firmseal_sign' });
    const open = () => openPostgresSignerDatabase(address, { allowUnsynchronized: true });
    two = [await open(), await open()];
  });
  afterAll(async () => {
    for (const one of two) await one.close();
  });
  siteTablePromises(() => two);
});

it('is written by no other role, not by the one that serves HTTP', () => {
  const write = (sql: string) => () => cluster.psql(`SET ROLE firmseal_serve; ${sql}`);
  expect(write('UPDATE firmseal_signer.signer_jobs SET quota = 9')).toThrow('permission denied');
  expect(write('SELECT * FROM firmseal_signer.signer_jobs')).toThrow('permission denied');
  expect(write('SELECT 1')).not.toThrow();
});

it('is not opened by a role that has no right to it', async () => {
  const address = cluster.address({ schema: 'firmseal', user: 'firmseal_serve' });
  await expect(openPostgresSignerDatabase(address, { allowUnsynchronized: true })).rejects.toMatchObject({
    code: 'signer-schema-forbidden',
  });
});

it('goes on when the database was stopped at once', async () => {
  const order = await one.job(1);
  const request = await one.request(order);
  await one.client.issue(request);
  await cluster.stop('SIGQUIT');
  await cluster.run();
  await one.client.issue(request);
  await expect(one.client.issue(await one.request(order))).rejects.toMatchObject({
    code: 'signer-quota-exhausted',
  });
});
