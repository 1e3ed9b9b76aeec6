// The store on PostgreSQL, put together of its parts. Any number of processes may share one database: what
// they write follows one another by the lock of the log (postgres-commits.ts), what they read they read
// committed. The schema is in postgres-schema.ts.

import type { Crypto } from '@firmseal/crypto';
import { accessMethods } from './postgres-access.ts';
import { approvalMethods } from './postgres-approvals.ts';
import { CommitQueue } from './postgres-commits.ts';
import type { PostgresContext } from './postgres-context.ts';
import { jobMethods } from './postgres-jobs.ts';
import { licenseMethods } from './postgres-licenses.ts';
import { requestMethods } from './postgres-requests.ts';
import { rolloutMethods } from './postgres-rollouts.ts';
import { migratePostgres } from './postgres-schema.ts';
import { PostgresSession } from './postgres-session.ts';
import { stopMethods } from './postgres-stops.ts';
import { unitMethods } from './postgres-units.ts';
import type { PostgresAddress } from './postgres-url.ts';
import { webhookMethods } from './postgres-webhooks.ts';
import type { Store, StoreSnapshot } from './store.ts';

export interface PostgresStoreOptions {
  readonly address: PostgresAddress;
  readonly crypto: Crypto;
  /** How long a request waits for a lock or for a database that comes back; 5000 when left out. */
  readonly busyTimeoutMs?: number;
  /** Of this process, besides one for commits and three for snapshots; 8 when left out. */
  readonly connections?: number;
  /** A server with fsync off is refused otherwise. For tests. */
  readonly allowUnsynchronized?: boolean;
}

const methodsOf = (context: PostgresContext) => ({
  ...jobMethods(context),
  ...unitMethods(context),
  ...licenseMethods(context),
  ...approvalMethods(context),
  ...accessMethods(context),
  ...approvalMethods(context),
  ...requestMethods(context),
  ...rolloutMethods(context),
  ...stopMethods(context),
  ...webhookMethods(context),
});

async function openSnapshot(session: PostgresSession): Promise<StoreSnapshot> {
  const { query, end } = await session.snapshot();
  const commit = () => {
    throw new Error('a snapshot is only read');
  };
  return { ...methodsOf({ read: query, commit, commitTogether: commit }), close: end };
}

/**
 * Opens the database and brings it to the newest schema. Throws `store-version-newer`, `store-version-older`,
 * `store-not-ours`, `store-not-durable` and the faults of a store. Every later fault that a request meets
 * is over when the database is there again: nothing has to be restarted.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { address, crypto, busyTimeoutMs = 5000, connections = 8, allowUnsynchronized = false } = options;
  const session = await PostgresSession.open({ address, busyTimeoutMs, connections, allowUnsynchronized });
  try {
    await migratePostgres(session);
  } catch (fault) {
    await session.close();
    throw fault;
  }
  const commits = new CommitQueue(session, crypto);
  const context: PostgresContext = {
    read: (sql, values) => session.run(sql, values),
    commit: (action) => commits.transaction(action),
    commitTogether: (kind, input) => commits.together(kind, input),
  };
  return {
    ...methodsOf(context),
    openSnapshot: () => openSnapshot(session),
    close: async () => {
      await commits.idle();
      await session.close();
    },
  };
}
