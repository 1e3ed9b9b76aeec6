import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdFile } from './file-lock.ts';
import { markOfProcess } from './process-mark.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-lock-'));
  path = join(folder, 'held');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('one holder at a time', async () => {
  const first = await holdFile(path);
  expect(await holdFile(path)).toEqual({ held: false, process: process.pid });
  if (!first.held) throw new Error('it was free');
  await first.release();
  expect(readdirSync(folder)).toEqual([]);
  expect((await holdFile(path)).held).toBe(true);
});

test('the lock of a process that is gone is taken over', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => gone.on('exit', resolve));
  writeFileSync(`${path}.lock`, `${gone.pid}\n`);
  expect((await holdFile(path)).held).toBe(true);
});

test('the lock of a killed process whose number another has now is taken over', async (context) => {
  context.skip(!existsSync('/proc/self/stat'), 'no /proc here that says when a process began');
  const mark = await markOfProcess(process.pid);
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  try {
    for (const pid of [process.pid, other.pid!]) {
      writeFileSync(`${path}.lock`, `${pid} ${mark}0\n`);
      const lock = await holdFile(path);
      if (!lock.held) throw new Error('the holder is gone');
      await lock.release();
    }
    writeFileSync(`${path}.lock`, `${other.pid} ${await markOfProcess(other.pid!)}\n`);
    expect(await holdFile(path)).toEqual({ held: false, process: other.pid });
  } finally {
    other.kill();
  }
});

test('a lock that is being written is waited for; one that stays empty is taken over', async () => {
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  try {
    writeFileSync(`${path}.lock`, '');
    const asked = holdFile(path);
    await new Promise((resolve) => setTimeout(resolve, 60));
    writeFileSync(`${path}.lock`, `${other.pid} ${(await markOfProcess(other.pid!)) ?? ''}\n`);
    expect(await asked).toEqual({ held: false, process: other.pid });
    writeFileSync(`${path}.lock`, '');
    expect((await holdFile(path)).held).toBe(true);
  } finally {
    other.kill();
  }
});

test('a folder that is missing', async () => {
  await expect(holdFile(join(folder, 'none', 'x'))).rejects.toMatchObject({ code: 'folder-missing' });
});
