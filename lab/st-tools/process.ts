// The stand-in as a process: `node process.ts programmer|flasher WORDS`. The world is the JSON file that
// FIRMSEAL_ST_STAND_IN names; it is written after every line, so that a killed
// process leaves what it had done.

import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { flasher } from './flasher.ts';
import { programmer } from './programmer.ts';
import type { StandInFiles, World } from './world.ts';

const path = process.env['FIRMSEAL_ST_STAND_IN'];
if (path === undefined) throw new Error('FIRMSEAL_ST_STAND_IN names the file of the world');
const world = JSON.parse(readFileSync(path, 'utf8')) as World;
const files: StandInFiles = {
  read: (file) => (existsSync(file) ? readFileSync(file) : undefined),
  write: (file, bytes) => writeFileSync(file, bytes),
};

function keep(): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(world));
  renameSync(temporary, path!);
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Makes `into` what `from` is, object by object: the tool holds on to parts of its world. */
function pour(into: Tree, from: Tree): void {
  for (const key of Object.keys(into)) if (!(key in from)) delete into[key];
  if (Array.isArray(into) && Array.isArray(from)) into.length = from.length;
  for (const [key, value] of Object.entries(from)) {
    const before = into[key];
    if (isTree(before) && isTree(value) && Array.isArray(before) === Array.isArray(value))
      pour(before, value);
    else into[key] = value;
  }
}

const lock = `${path}.lock`;

const isRunning = (id: number): boolean => {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
};

function removeDeadLock(): void {
  try {
    if (!isRunning(Number(readFileSync(lock, 'utf8')))) rmSync(lock, { force: true });
  } catch {
    // It is gone by now.
  }
}

/** Whether the world is ours now. The lock appears with the number of its process in it, or not at all. */
function tryLock(): boolean {
  const own = `${path}.${process.pid}.lock`;
  writeFileSync(own, `${process.pid}`);
  try {
    linkSync(own, lock);
    return true;
  } catch {
    removeDeadLock();
    return false;
  } finally {
    rmSync(own);
  }
}

/** Tools at several probes share one world: each goes a step while no other does. */
async function turn<T>(step: () => T): Promise<T> {
  while (!tryLock()) await setTimeout(2);
  try {
    pour(world as unknown as Tree, JSON.parse(readFileSync(path!, 'utf8')) as Tree);
    const done = step();
    keep();
    return done;
  } finally {
    rmSync(lock);
  }
}

const [tool, ...words] = process.argv.slice(2);
const lines = (tool === 'flasher' ? flasher : programmer)(world, words, files);
for (;;) {
  const next = await turn(() => lines.next());
  if (next.done) {
    process.exitCode = next.value;
    break;
  }
  process.stdout.write(`${next.value}\n`);
}
