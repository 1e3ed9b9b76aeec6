// A lock that two set-ups at once respect: a folder (making one is atomic) which names its owner. A lock
// whose owner is dead is broken, by one waiter at a time.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 300;
const ownerlessMs = 10_000; // between making the folder and naming the owner lie microseconds
const oldestMs = 45 * 60_000; // of an owner that cannot be looked up, for example on another machine

function tryMake(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readOwner(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether the lock's owner cannot come back; false as well when the lock is gone. */
export function isStale(folder) {
  let ageMs;
  try {
    ageMs = Date.now() - statSync(folder).mtimeMs;
  } catch {
    return false;
  }
  const owner = readOwner(folder);
  if (owner === undefined) return ageMs > ownerlessMs;
  if (owner.host === hostname()) return !isAlive(owner.pid) || ageMs > oldestMs;
  return ageMs > oldestMs;
}

// Two waiters may both judge a lock stale; the second must not remove what the first has taken meanwhile. So
// breaking has a lock of its own, and the judgement is made again under it.
function breakStale(folder) {
  const breaking = `${folder}.breaking`;
  if (!tryMake(breaking)) {
    if (isStale(breaking)) rmSync(breaking, { recursive: true, force: true });
    return;
  }
  try {
    if (isStale(folder)) rmSync(folder, { recursive: true, force: true });
  } finally {
    rmSync(breaking, { recursive: true, force: true });
  }
}

/**
 * Runs `work` while holding the lock `folder`, waiting for another holder first; returns what `work` returns.
 * `onWait(pid)` is called once when there is something to wait for.
 */
export async function withLock(folder, onWait, work) {
  mkdirSync(dirname(folder), { recursive: true });
  for (let said = false; !tryMake(folder); ) {
    if (isStale(folder)) {
      breakStale(folder);
      continue;
    }
    if (!said) onWait(readOwner(folder)?.pid);
    said = true;
    await sleep(pollMs);
  }
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', release);
  try {
    writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}
