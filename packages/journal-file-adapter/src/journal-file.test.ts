// The journal through power cuts, damage, a second process and a kill.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeJournalLine, type JournalEntry, readJournalBytes } from '@firmseal/programmer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournalFile, openJournalLog } from './journal-file.ts';

/** The project's own Node, which runs TypeScript as it is; the one under the tests may be older. */
const node24 = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-journal-'));
  path = join(folder, 'station.journal');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (installId: string): JournalEntry => ({
  kind: 'begun',
  licenseId: 'ab',
  socket: '1-4.2 \u00e4"\\',
  installId,
  time: '2026-01-01T00:00:00.000Z',
});

test('what was appended is there when it is opened again', async () => {
  const first = await openJournalFile(path);
  await Promise.all([first.append(entry('1')), first.append(entry('2'))]);
  expect(first.entries).toEqual([entry('1'), entry('2')]);
  await first.close();
  const second = await openJournalFile(path);
  expect(second.entries).toEqual([entry('1'), entry('2')]);
  await second.append(entry('3'));
  await second.close();
  expect(readJournalBytes(readFileSync(path)).entries).toHaveLength(3);
});

test('a power cut at every byte of the last line loses that line and no other', async () => {
  const lines = [encodeJournalLine(entry('1')), encodeJournalLine(entry('2'))];
  const whole = Buffer.from(lines.join(''));
  for (let cut = Buffer.byteLength(lines[0]!); cut < whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut));
    const journal = await openJournalFile(path);
    expect(journal.entries.map(({ installId }) => installId)).toEqual(['1']);
    await journal.append(entry('3'));
    await journal.close();
    const again = readJournalBytes(readFileSync(path));
    expect(again.entries.map(({ installId }) => installId)).toEqual(['1', '3']);
  }
});

test('a last line whose blocks never reached the disk is cut off too', async () => {
  writeFileSync(path, `${encodeJournalLine(entry('1'))}${'\0'.repeat(200)}\n`);
  const journal = await openJournalFile(path);
  expect(journal.entries).toHaveLength(1);
  await journal.close();
});

describe('damage that no power cut makes', () => {
  test('every bit of an earlier line', async () => {
    const first = Buffer.from(encodeJournalLine(entry('1')));
    for (let bit = 0; bit < 8 * (first.length - 1); bit += 5) {
      const damaged = Buffer.from(first);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const bytes = Buffer.concat([damaged, Buffer.from(encodeJournalLine(entry('2')))]);
      expect(() => readJournalBytes(bytes), `bit ${bit}`).toThrow(
        expect.objectContaining({ code: 'journal-damaged' }),
      );
    }
  });
  test('is refused, and the lock is given back', async () => {
    writeFileSync(path, `nonsense\n${encodeJournalLine(entry('1'))}`);
    await expect(openJournalFile(path)).rejects.toMatchObject({
      code: 'journal-damaged',
      fields: { line: 1 },
    });
    writeFileSync(path, '');
    await (await openJournalFile(path)).close();
  });
});

describe('one process at a time', () => {
  test('a second opener is refused', async () => {
    const journal = await openJournalFile(path);
    await expect(openJournalFile(path)).rejects.toMatchObject({
      code: 'journal-in-use',
      fields: { process: process.pid },
    });
    await journal.close();
    await (await openJournalFile(path)).close();
  });
});

test('a process that is killed between two entries leaves every resolved one', async () => {
  const module = fileURLToPath(new URL('./journal-file.ts', import.meta.url));
  const script = `
    const { openJournalFile } = await import(${JSON.stringify(module)});
    const journal = await openJournalFile(${JSON.stringify(path)});
    for (let i = 0; ; i++) {
      await journal.append({ ...${JSON.stringify(entry('x'))}, installId: String(i) });
      console.log(i);
    }`;
  const child = spawn(node24, ['--input-type=module', '-e', script]);
  let said = '';
  child.stdout.on('data', (text) => {
    said += String(text);
    if (said.split('\n').length > 20) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  const resolved = said.split('\n').filter((line) => line !== '').length;
  const journal = await openJournalFile(path);
  expect(journal.entries.length).toBeGreaterThanOrEqual(resolved);
  expect(journal.entries.map(({ installId }) => installId)).toEqual(journal.entries.map((_, i) => String(i)));
  await journal.close();
});

test('a device without end is not read', async () => {
  const link = join(folder, 'zero');
  symlinkSync('/dev/zero', link);
  await expect(openJournalFile(link)).rejects.toMatchObject({ code: 'file-too-large' });
});

test('a folder that is not there', async () => {
  await expect(openJournalFile(join(folder, 'no', 'journal'))).rejects.toMatchObject({
    code: 'folder-missing',
  });
});

test('nothing after a write that failed', async () => {
  const journal = await openJournalFile(path);
  const circular = entry('1') as { self?: unknown } & JournalEntry;
  circular.self = circular;
  await expect(journal.append(circular)).rejects.toMatchObject({ code: 'journal-write-failed' });
  await expect(journal.append(entry('2'))).rejects.toMatchObject({ code: 'journal-write-failed' });
  await journal.close();
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('what came while the disk was busy is there too, in its order', async () => {
  const log = await openJournalLog(path);
  const ids = Array.from({ length: 50 }, (_, i) => String(i));
  await Promise.all(ids.map((id) => log.append(entry(id))));
  await log.close();
  expect(readJournalBytes(readFileSync(path)).entries.map(({ installId }) => installId)).toEqual(ids);
});

test('a long journal of which little is needed is replaced by what is needed', async () => {
  writeFileSync(path, Array.from({ length: 30 }, (_, i) => encodeJournalLine(entry(String(i)))).join(''));
  const needed = (entries: readonly JournalEntry[]) => entries.slice(-2);
  const short = await openJournalLog(path, { needed });
  expect(short.found).toHaveLength(30);
  await short.close();
  const log = await openJournalLog(path, { needed, compactAtBytes: 1000 });
  expect(log.found.map(({ installId }) => installId)).toEqual(['28', '29']);
  await log.append(entry('30'));
  await log.close();
  const ids = readJournalBytes(readFileSync(path)).entries.map(({ installId }) => installId);
  expect(ids).toEqual(['28', '29', '30']);
});
