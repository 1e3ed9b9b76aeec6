import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBoundedFile } from './read-bounded-file.ts';
import { readLines } from './read-lines.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-files-'));
  path = join(folder, 'input');
});
afterEach(() => rmSync(folder, { recursive: true }));

const code = (name: string) => expect.objectContaining({ code: name });

test.each([0, 1, 999, 1000])('a file of %i bytes with a limit of 1000', (length) => {
  const bytes = new Uint8Array(length).map((_, i) => i);
  writeFileSync(path, bytes);
  expect(readBoundedFile(path, 1000)).toEqual(bytes);
});

test.each([
  [0, 100, true],
  [99, 100, true],
  [100, 100, false],
  [101, 100, false],
  [10, 2000, false],
])('a file of %i bytes into %i bytes is a part of them: %s', (length, roomBytes, isPart) => {
  const bytes = new Uint8Array(length).map((_, i) => i + 1);
  writeFileSync(path, bytes);
  const room = new Uint8Array(roomBytes).fill(0xee);
  const read = readBoundedFile(path, 1000, room);
  expect(Uint8Array.from(read)).toEqual(bytes);
  expect(read.buffer === room.buffer).toBe(isPart);
  if (!isPart) expect(room.every((byte) => byte === 0xee)).toBe(true);
});

test('one byte more than the limit is refused', () => {
  writeFileSync(path, new Uint8Array(1001));
  expect(() => readBoundedFile(path, 1000)).toThrow(code('file-too-large'));
});

test('a device without end is refused once the limit is reached', () => {
  const before = process.memoryUsage().arrayBuffers;
  expect(() => readBoundedFile('/dev/zero', 1_000_000)).toThrow(code('file-too-large'));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test('a file whose size the system does not tell is read to its end', () => {
  expect(new TextDecoder().decode(readBoundedFile('/proc/self/status', 100_000))).toContain('Name:');
});

test('a pipe is read to its end', async () => {
  const child = spawn('bash', ['-c', `mkfifo "$0" && echo ready && head -c 200000 /dev/zero > "$0"`, path]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(readBoundedFile(path, 300_000)).toHaveLength(200_000);
  await new Promise((resolve) => child.once('close', resolve));
});

test.each([
  ['no file', 'file-missing'],
  ['a folder', 'file-is-folder'],
  ['a file in place of a folder', 'file-missing'],
])('%s: %s', (situation, fault) => {
  if (situation === 'a folder') mkdirSync(path);
  if (situation.startsWith('a file')) {
    writeFileSync(path, '');
    path = join(path, 'x');
  }
  expect(() => readBoundedFile(path, 10)).toThrow(code(fault));
});

test('lines come one by one, with either end, also the last without one', async () => {
  writeFileSync(path, 'one\ntwo \u00fc\r\n\nthree');
  const lines: string[] = [];
  for await (const line of readLines(path, 10)) lines.push(line);
  expect(lines).toEqual(['one', 'two \u00fc', '', 'three']);
});

test('a line that is too long, a device without end, and a missing file are refused', async () => {
  writeFileSync(path, `short\n${'x'.repeat(100_000)}`);
  const read = async (file: string) => {
    for await (const _ of readLines(file, 1000));
  };
  await expect(read(path)).rejects.toMatchObject({ code: 'file-too-large' });
  await expect(read('/dev/zero')).rejects.toMatchObject({ code: 'file-too-large' });
  await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'file-missing' });
});
