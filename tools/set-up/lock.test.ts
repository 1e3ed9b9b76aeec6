// The lock of set-up: one holder at a time across processes, and a dead holder's lock is broken.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { isStale, withLock } from './lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = new URL('./lock.mjs', import.meta.url).href;
const noWait = () => {};

/** Appends "in" and "out" to a journal around a pause under the lock. */
const holder = (lock: string, journal: string) => `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  const { withLock } = await import(${JSON.stringify(module)});
  await withLock(${JSON.stringify(lock)}, () => {}, async () => {
    appendFileSync(${JSON.stringify(journal)}, 'in ');
    await sleep(60);
    appendFileSync(${JSON.stringify(journal)}, 'out ');
  });`;

async function runHolders(lock: string, journal: string, count: number): Promise<string> {
  const args = ['--input-type=module', '--eval', holder(lock, journal)];
  await Promise.all(Array.from({ length: count }, () => promisify(execFile)(process.execPath, args)));
  return readFileSync(journal, 'utf8');
}

/** A lock left by a process that has ended. */
async function leaveDeadLock(lock: string): Promise<void> {
  mkdirSync(lock, { recursive: true });
  const { stdout } = await promisify(execFile)(process.execPath, ['--print', 'process.pid']);
  writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: Number(stdout), host: hostname() }));
}

test('processes hold the lock one after the other', async () => {
  const journal = await runHolders(join(folder, 'a.lock'), join(folder, 'a.txt'), 4);
  expect(journal).toBe('in out '.repeat(4));
});

test('a lock whose owner died is broken, by one waiter at a time', async () => {
  const lock = join(folder, 'b.lock');
  await leaveDeadLock(lock);
  expect(isStale(lock)).toBe(true);
  expect(await runHolders(lock, join(folder, 'b.txt'), 4)).toBe('in out '.repeat(4));
});

test('a lock whose owner lives is not stale; the waiter is told whose it is', async () => {
  const lock = join(folder, 'c.lock');
  const told: unknown[] = [];
  let second: Promise<string> | undefined;
  await withLock(lock, noWait, async () => {
    expect(isStale(lock)).toBe(false);
    const waiting = new Promise<void>((resolve) => {
      second = withLock(
        lock,
        (pid: unknown) => {
          told.push(pid);
          resolve();
        },
        async () => 'second',
      );
    });
    await waiting;
  });
  expect(await second).toBe('second');
  expect(told).toEqual([process.pid]);
});

test('the lock is released when the work throws', async () => {
  const lock = join(folder, 'd.lock');
  const fail = withLock(lock, noWait, async () => {
    throw new Error('no space');
  });
  await expect(fail).rejects.toThrow('no space');
  expect(existsSync(lock)).toBe(false);
});
