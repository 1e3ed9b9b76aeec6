// What the stores of an authority carry: a unit taken and a license kept, both durable before the next step.
// Rates depend on the disk, so they are only told. A limit holds for a figure that does not: how many entries
// of the log share a transaction on PostgreSQL when many wait.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore, openSqliteStore, type Store } from '@firmseal/authority';
import { lackingPostgres, PostgresCluster } from '@firmseal/authority/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { BenchRow } from './row.ts';

const licenses = 800;
const event = { timeMs: 1, kind: 'unit-taken', fields: {} } as const;

async function openJob(store: Store) {
  const [jobId, manifestDigest] = [crypto.randomBytes(16), crypto.randomBytes(32)];
  const job = {
    jobId,
    product: 'pump',
    quota: licenses,
    mode: 'session',
    accepts: [],
    createdAtMs: 1,
  } as const;
  const files = { header: crypto.randomBytes(300), contentKeyFile: crypto.randomBytes(200) };
  const item = { manifestDigest, ...files, firmwareVersion: '1', securityCounter: 1 };
  await store.insertJob({ job, package: item, deviceData: [] }, event);
  await store.approveJob(jobId, event);
  return { jobId, manifestDigest };
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** So many lines at once, each at one of the stores. */
async function measure(stores: readonly Store[], lines: number): Promise<Measured> {
  const job = await openJob(stores[0]!);
  const certificate = crypto.randomBytes(500);
  let next = 0;
  const line = async (store: Store) => {
    while (next < licenses) {
      const atMs = next++;
      const thumbprint = crypto.randomBytes(32);
      const taken = await store.takeUnit({ ...job, thumbprint, certificate, atMs, event: () => event });
      const license = {
        ...{ ...job, licenseId: crypto.randomBytes(16), thumbprint, unitIndex: taken!.unitIndex },
        ...{ nonce: crypto.randomBytes(16), requestId: `${atMs}`, issuedAtMs: atMs },
        mode: 'session',
        ...{ licenseDigest: crypto.randomBytes(32), bundle: crypto.randomBytes(900) },
      } as const;
      await store.insertLicense(license, event);
    }
  };
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: lines }, (_, n) => line(stores[n % stores.length]!)));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - startMs) / 1000;
  return { perSecond: licenses / seconds, cpuMs: (user + system) / 1000 / licenses };
}

const rateRow = (name: string, { perSecond, cpuMs }: Measured, note = ''): BenchRow => ({
  ...{ name, value: perSecond, unit: '/s' },
  note: `${cpuMs.toFixed(2)} ms CPU time each${note}`,
});

async function postgresRows(): Promise<BenchRow[]> {
  const cluster = await PostgresCluster.start({ fsync: true });
  const open = () => openPostgresStore({ address: cluster.address(), crypto });
  const stores = await Promise.all([open(), open(), open(), open()]);
  const transactions = () => Number(cluster.psql('SELECT txid_current()'));
  try {
    const one = await measure(stores.slice(0, 1), 16);
    const before = transactions();
    const many = await measure(stores.slice(0, 1), 64);
    const each = (transactions() - before) / (2 * licenses);
    const four = await measure(stores, 64);
    return [
      rateRow('unit and license kept, PostgreSQL, 16 lines', one),
      rateRow('unit and license kept, PostgreSQL, 64 lines', many),
      rateRow('unit and license kept, PostgreSQL, 64 lines at 4 replicas', four, ', all in one process'),
      {
        ...{ name: 'transactions for an entry of the log, 64 lines', value: each, unit: '' },
        ...{ ratio: each, limit: 0.25, note: 'group commit' },
      },
    ];
  } finally {
    for (const store of stores) await store.close();
    await cluster.remove();
  }
}

export async function storeRows(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-bench-'));
  const store = openSqliteStore({ path: join(folder, 'authority.sqlite'), crypto });
  try {
    const rows = [rateRow('unit and license kept, SQLite, 16 lines', await measure([store], 16))];
    return lackingPostgres() === undefined ? [...rows, ...(await postgresRows())] : rows;
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}
