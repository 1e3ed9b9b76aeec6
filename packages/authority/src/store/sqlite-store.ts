// The store on SQLite, put together of its parts. A transaction runs to its end without yielding, so nothing
// of this process comes between; other processes wait for the write lock (sqlite-database.ts). The schema
// is in sqlite-schema.ts.

import { closeSync, openSync } from 'node:fs';
import type { Crypto } from '@firmseal/crypto';
import { faultOfFile } from '@firmseal/files';
import { accessMethods } from './sqlite-access.ts';
import { approvalMethods } from './sqlite-approvals.ts';
import { createContext } from './sqlite-context.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { jobMethods } from './sqlite-jobs.ts';
import { licenseMethods } from './sqlite-licenses.ts';
import { requestMethods } from './sqlite-requests.ts';
import { rolloutMethods } from './sqlite-rollouts.ts';
import { stopMethods } from './sqlite-stops.ts';
import { unitMethods } from './sqlite-units.ts';
import { webhookMethods } from './sqlite-webhooks.ts';
import type { Store } from './store.ts';

function storeOn(database: SqliteDatabase, crypto: Crypto): Store {
  const context = createContext(database, crypto);
  return {
    ...jobMethods(context),
    ...unitMethods(context),
    ...licenseMethods(context),
    ...approvalMethods(context),
    ...requestMethods(context),
    ...rolloutMethods(context),
    ...stopMethods(context),
    ...webhookMethods(context),
    ...accessMethods(context),
    openSnapshot: async () => storeOn(database.openSnapshot(), crypto),
    close: async () => database.close(),
  };
}

/**
 * Opens the database file, which only its owner may read, or makes it, and brings it to the newest schema.
 * Throws `store-version-newer`, `store-not-ours`, `store-busy` (another process held the lock for
 * `busyTimeoutMs`), `store-full`, `store-read-only`, `store-damaged`, `store-failed`, and what writing a file
 * throws (`folder-missing`, `file-forbidden`, ...).
 */
export function openSqliteStore(options: { path: string; crypto: Crypto; busyTimeoutMs?: number }): Store {
  const { path, crypto, busyTimeoutMs = 5000 } = options;
  try {
    closeSync(openSync(path, 'a', 0o600)); // SQLite gives its side files the mode of the main file
  } catch (cause) {
    throw faultOfFile(cause, path, 'written');
  }
  return storeOn(SqliteDatabase.open(path, busyTimeoutMs), crypto);
}
