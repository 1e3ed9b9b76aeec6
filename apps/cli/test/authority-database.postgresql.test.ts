// The database of an authority through the commands: yesterday's backup that is put back, the way back by
// what the root signs, and the move to PostgreSQL, whose password nobody reads.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lackingPostgres, PostgresCluster } from '@firmseal/authority/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { skipTests } from '../../../tools/test-report/skip-tests.ts';
import { type Desk, deskEnvironment, makeDesk, serveDesk, succeed } from './desk.ts';
import { runHere } from './run-here.ts';

const lacking = lackingPostgres();
skipTests(lacking);

const folder = mkdtempSync(join(tmpdir(), 'firmseal-database-'));
let cluster: PostgresCluster;
let desk: Desk;
beforeAll(async () => {
  if (lacking !== undefined) return;
  cluster = await PostgresCluster.start({ fsync: true });
  desk = await makeDesk(folder);
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true });
});

const at = (name: string) => desk.at(name);
const run = (...words: string[]) => runHere(words, deskEnvironment);
const validate = (...more: string[]) => run('authority', 'serve', at('authority'), '--validate', ...more);
const newToken = (name: string) => succeed(['authority', 'token', at('authority'), '--out', at(name)]);
const database = () => at('authority/authority.sqlite');

it('a folder that was put back whole is served, with a warning that nothing outside of it could tell', async () => {
  const served = await serveDesk(desk);
  expect(served.stderr()).toMatch(
    /^Warning: a copy of .* would be served; give --head-file on another disk/m,
  );
  await served.stop();
  const elsewhere = await serveDesk(desk, ['--head-file', at('elsewhere.head')]);
  expect(elsewhere.stderr()).toMatch(/^Warning: .*elsewhere.head was not there/m);
  expect(elsewhere.stderr()).not.toContain('would be served');
  await elsewhere.stop();
});

it("yesterday's database is refused, until the root has signed that the authority goes on from it", async () => {
  await succeed(['authority', 'backup', at('authority'), '--out', at('yesterday')]);
  expect(statSync(at('yesterday')).mode & 0o777).toBe(0o600);
  await newToken('today.token');
  const today = await serveDesk(desk, ['--head-file', at('elsewhere.head')]);
  await today.stop(); // notes the head

  const refused = await run('authority', 'restore', at('authority'), '--from', at('yesterday'));
  expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining('file-exists')]);
  for (const suffix of ['', '-wal', '-shm']) rmSync(database() + suffix, { force: true });
  await succeed(['authority', 'restore', at('authority'), '--from', at('yesterday')]);
  const back = await validate('--head-file', at('elsewhere.head'));
  expect(back.status).toBe(4);
  const [, size, head] = /has (\d+) log entries, the last head ([0-9a-f]{64})/.exec(back.stderr) ?? [];

  const words = ['keys', 'restore', '--root', at('root.key'), '--product', 'panel', '--reason', 'a drill'];
  const sign = (length: string, out: string) =>
    succeed([...words, '--log-size', length, '--log-head', head!, '--out', at(out)]);
  await sign(`${Number(size) - 1}`, 'wrong.restore');
  await sign(size!, 'panel.restore');
  const accept = (name: string) =>
    validate('--head-file', at('elsewhere.head'), '--accept-restore', at(name));
  expect((await accept('wrong.restore')).stderr).toContain('restore-wrong');
  expect(await accept('panel.restore')).toMatchObject({
    ...{ status: 0, stdout: expect.stringContaining('an older database was accepted') },
  });
  expect((await validate('--head-file', at('elsewhere.head'))).status).toBe(0);
});

it('a move to PostgreSQL ends the file, and the folder is served from there', async () => {
  const url = cluster.url();
  const withPassword = url.replace('firmseal@', 'firmseal:hidden-word@');
  const seen = await run('authority', 'migrate', at('authority'), '--to', withPassword);
  expect([seen.status, seen.stderr]).toEqual([3, expect.stringContaining('holds a password')]);
  expect(seen.stderr).not.toContain('hidden-word');

  writeFileSync(at('away.url'), 'postgresql://firmseal:hidden-word@127.0.0.1:1/none\n', { mode: 0o600 });
  const away = await run('authority', 'migrate', at('authority'), '--to-file', at('away.url'));
  expect([away.status, away.stderr]).toEqual([12, expect.stringContaining('store-unreachable')]);
  expect(away.stdout + away.stderr).not.toMatch(/hidden-word|127\.0\.0\.1/);
  expect((await validate()).status).toBe(0);

  writeFileSync(at('db.url'), `${withPassword}\n`, { mode: 0o600 });
  const moved = await run('authority', 'migrate', at('authority'), '--to-file', at('db.url'));
  expect([moved.status, moved.stderr]).toEqual([0, '']);
  expect(moved.stdout).toContain('verified');
  expect(moved.stdout).not.toContain('hidden-word');
  expect(statSync(at('authority/database.url')).mode & 0o777).toBe(0o600);
  expect(readFileSync(at('authority/database.url'), 'utf8')).toBe(`${withPassword}\n`);
  await newToken('moved.token');
  const served = await serveDesk(desk);
  expect(served.stderr()).not.toContain('would be served');
  const list = ['job', 'list', '--authority', served.url, '--token-file', at('moved.token')];
  expect((await run(...list)).status).toBe(0);
  await served.stop();
  expect(Number(cluster.psql('SELECT size FROM log_head'))).toBe(3);

  rmSync(at('authority/database.url'));
  expect((await validate()).stderr).toContain('database-moved');
  writeFileSync(at('authority/database.url'), `${withPassword}\n`, { mode: 0o600 });
});

it('a backup of PostgreSQL fills SQLite again', async () => {
  await succeed(['authority', 'backup', at('authority'), '--out', at('of-postgresql')]);
  const taken = await run('authority', 'restore', at('authority'), '--from', at('yesterday'));
  expect([taken.status, taken.stderr]).toEqual([3, expect.stringContaining('database-not-empty')]);
  rmSync(at('authority/database.url'));
  for (const suffix of ['', '-wal', '-shm']) rmSync(database() + suffix, { force: true });
  await succeed(['authority', 'restore', at('authority'), '--from', at('of-postgresql')]);
  expect(existsSync(database())).toBe(true);
  expect((await validate()).status).toBe(0);
});
