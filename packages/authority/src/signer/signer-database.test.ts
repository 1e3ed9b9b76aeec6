// The signer's SQLite file: transactions that wait are committed together, and each is whole or undone.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { openSqliteSignerDatabase, type SignerQuery } from './signer-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-signer-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

const insert = (query: SignerQuery, name: string) => query('INSERT INTO signer_state VALUES ($1)', [name]);

test('of transactions that go together, the one that fails is undone alone', async () => {
  const path = join(folder, 'together.sqlite');
  const database = openSqliteSignerDatabase(path);
  const other = new DatabaseSync(path, { readOnly: true });
  const names = () =>
    other
      .prepare('SELECT name FROM signer_state ORDER BY name')
      .all()
      .map(({ name }) => name);
  const seenWithin: unknown[] = [];
  const outcomes = await Promise.allSettled([
    database.transaction(async (query) => insert(query, 'first')),
    database.transaction(async (query) => {
      await insert(query, 'second');
      throw new Error('refused');
    }),
    database.transaction(async (query) => {
      seenWithin.push(names(), (await query('SELECT name FROM signer_state', [])).rows);
      return insert(query, 'third');
    }),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  // One commit: before it, nobody else saw the first of them.
  expect(seenWithin).toEqual([[], [{ name: 'first' }]]);
  expect(names()).toEqual(['first', 'third']);
  other.close();
  await database.close();
});

test('an answer comes after the commit, and when that fails everybody is told', async () => {
  const path = join(folder, 'commit.sqlite');
  const database = openSqliteSignerDatabase(path);
  const reader = new DatabaseSync(path, { readOnly: true });
  const durable = (name: string) =>
    reader.prepare('SELECT name FROM signer_state WHERE name = ?').get(name) !== undefined;
  const seen = await Promise.all(
    ['one', 'two'].map(async (name) => {
      await database.transaction((query) => insert(query, name));
      return durable(name);
    }),
  );
  expect(seen).toEqual([true, true]);
  // A row without its job: SQLite finds that out at the commit when the check is deferred.
  const orphan = async (query: SignerQuery) => {
    await query('PRAGMA defer_foreign_keys = ON', []);
    await query('INSERT INTO signer_units VALUES ($1, $1, 0, 0, 1, 16, $1, 0)', [new Uint8Array(16)]);
  };
  const outcomes = await Promise.allSettled([
    database.transaction(orphan),
    database.transaction((query) => insert(query, 'three')),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(durable('three')).toBe(false);
  await database.transaction((query) => insert(query, 'four'));
  expect(durable('four')).toBe(true);
  reader.close();
  await database.close();
});
