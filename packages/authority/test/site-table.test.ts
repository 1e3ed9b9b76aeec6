// The signer's table of sites on SQLite.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteSignerDatabase } from '../src/index.ts';
import { SiteTable } from '../src/signer/site-table.ts';
import { siteTablePromises } from './site-table-promises.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-sites-'));
const path = join(folder, 'signer.sqlite');
const two = [openSqliteSignerDatabase(path), openSqliteSignerDatabase(path)] as const;
afterAll(async () => {
  for (const one of two) await one.close();
  rmSync(folder, { recursive: true });
});

describe('sites in the signer table on SQLite', () => siteTablePromises(() => two));

it('a table of an older version gets its sites, and keeps the rest', async () => {
  const older = join(folder, 'older.sqlite');
  await openSqliteSignerDatabase(older).close();
  const raw = new DatabaseSync(older);
  for (const table of ['challenges', 'certificates', 'sites']) raw.exec(`DROP TABLE signer_${table}`);
  raw.exec("UPDATE signer_version SET version = 2; INSERT INTO signer_state VALUES ('taken-over')");
  raw.close();
  const database = openSqliteSignerDatabase(older);
  expect(await new SiteTable(database).list()).toEqual([]);
  const { rows } = await database.transaction((query) => query('SELECT name FROM signer_state', []));
  expect(rows).toEqual([{ name: 'taken-over' }]);
  await database.close();
});
