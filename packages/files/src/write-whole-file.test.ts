// Every call to the system fails once, and once in the middle of its work; then a real
// limit, two writers, and a kill.

import { spawnSync } from 'node:child_process';
import * as nodeFiles from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileSystem } from './whole-file-steps.ts';
import { beginWholeFile, refuseUnwritable, writeWholeFile } from './write-whole-file.ts';

/** The project's own Node, which runs TypeScript as it is; the one under the tests may be older. */
const node24 = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-files-'));
  path = join(folder, 'app.seal');
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const failure = (name: string) => Object.assign(new Error('injected'), { code: name });
const code = (name: string) => expect.objectContaining({ code: name });

/** The system, with some of its calls replaced. */
const filesWith = (replaced: Partial<FileSystem>): FileSystem => ({ ...nodeFiles, ...replaced });

test('the parts in order, with the mode that was asked for', () => {
  writeWholeFile(path, [bytes('one '), bytes(''), bytes('two')], { mode: 0o600 });
  expect(readFileSync(path, 'utf8')).toBe('one two');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeWholeFile(path, [bytes('three')]);
  expect(readFileSync(path, 'utf8')).toBe('three');
  expect(readdirSync(folder)).toEqual(['app.seal']);
});

test('a write that takes fewer bytes than it was given goes on with the rest', () => {
  const short = filesWith({
    writeSync: ((file: number, part: Uint8Array, from: number, length: number) =>
      nodeFiles.writeSync(file, part, from, Math.min(3, length))) as typeof nodeFiles.writeSync,
  });
  writeWholeFile(path, [bytes('more than three bytes')], {}, short);
  expect(readFileSync(path, 'utf8')).toBe('more than three bytes');
});

describe('what fails leaves the old file, and nothing beside it', () => {
  const calls = ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const;
  test.each(
    calls.flatMap((call) =>
      [
        ['ENOSPC', 'disk-full'],
        ['EDQUOT', 'disk-full'],
        ['EFBIG', 'file-size-limited'],
        ['EROFS', 'disk-read-only'],
        ['EACCES', 'file-forbidden'],
        ['EIO', 'file-unwritable'],
      ].map(([reason, fault]) => [call, reason!, fault!] as const),
    ),
  )('%s with %s is %s', (call, reason, fault) => {
    writeFileSync(path, 'old');
    let failed = 0;
    const files = filesWith({
      [call]: (() => {
        failed++;
        throw failure(reason);
      }) as never,
    });
    expect(() => writeWholeFile(path, [bytes('new')], {}, files)).toThrow(code(fault));
    expect(failed).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['app.seal']);
    writeWholeFile(path, [bytes('new')]);
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('a disk that fills up in the middle', () => {
    let left = 5;
    const files = filesWith({
      writeSync: ((file: number, part: Uint8Array, from: number, length: number) => {
        if (left === 0) throw failure('ENOSPC');
        const taken = nodeFiles.writeSync(file, part, from, Math.min(left, length));
        left -= taken;
        return taken;
      }) as typeof nodeFiles.writeSync,
    });
    expect(() => writeWholeFile(path, [bytes('more than five bytes')], {}, files)).toThrow(code('disk-full'));
    expect(left).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a limit of the system on the size of files', () => {
    const module = fileURLToPath(new URL('./write-whole-file.ts', import.meta.url));
    const script = `
      const { writeWholeFile } = await import(${JSON.stringify(module)});
      try { writeWholeFile(${JSON.stringify(path)}, [new Uint8Array(100000)]); console.log('written'); }
      catch (fault) { console.log(fault.code); }`;
    const command = `ulimit -f 64; exec "$0" --input-type=module -e "$1"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command, node24, script], { encoding: 'utf8' });
    expect(stdout.trim(), stderr).toBe('file-size-limited');
    expect(readdirSync(folder)).toEqual([]);
  });
});

test.each([
  ['a folder in its place', 'file-is-folder'],
  ['a folder that is missing', 'folder-missing'],
  ['a file where a folder is due', 'folder-missing'],
])('%s: %s', (situation, fault) => {
  writeFileSync(join(folder, 'file'), '');
  if (situation.startsWith('a folder in')) mkdirSync(path);
  const target = {
    'a folder that is missing': join(folder, 'none', 'x'),
    'a file where a folder is due': join(folder, 'file', 'x'),
  }[situation];
  expect(() => writeWholeFile(target ?? path, [bytes('x')])).toThrow(code(fault));
  expect(() => refuseUnwritable(target ?? path)).toThrow(code(fault));
});

describe('a file that is there already', () => {
  const refuse = { existing: 'refuse' } as const;
  test('is refused where asked, also an empty one and a dangling symbolic link', () => {
    for (const make of [() => writeFileSync(path, ''), () => symlinkSync(join(folder, 'none'), path)]) {
      make();
      expect(() => writeWholeFile(path, [bytes('x')], refuse)).toThrow(code('file-exists'));
      expect(() => refuseUnwritable(path, refuse)).toThrow(code('file-exists'));
      unlinkSync(path);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a link', {}],
    [
      'a name, where the file system has no links',
      {
        linkSync: () => {
          throw failure('EPERM');
        },
      },
    ],
  ])('is not replaced when it appears at the last moment: %s', (_, replaced) => {
    const files = filesWith({
      ...replaced,
      fsyncSync: (file) => {
        if (!existsSync(path)) writeFileSync(path, 'another');
        nodeFiles.fsyncSync(file);
      },
    });
    expect(() => writeWholeFile(path, [bytes('x')], refuse, files)).toThrow(code('file-exists'));
    expect(readFileSync(path, 'utf8')).toBe('another');
    expect(readdirSync(folder)).toEqual(['app.seal']);
  });

  test('a file system without links gets the file all the same', () => {
    const files = filesWith({
      linkSync: () => {
        throw failure('EPERM');
      },
    });
    writeWholeFile(path, [bytes('x')], { ...refuse, mode: 0o600 }, files);
    expect(readFileSync(path, 'utf8')).toBe('x');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['app.seal']);
  });
});

test('what a killed process left is removed by the next write of the name, what a living one has is not', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(join(folder, `.app.seal.${gone}.part`), 'torn');
  writeFileSync(join(folder, `.app.seal.${process.ppid}.part`), 'at work');
  writeFileSync(join(folder, `.other.seal.${gone}.part`), 'of another name');
  writeWholeFile(path, [bytes('x')]);
  expect(readdirSync(folder).sort()).toEqual(
    [`.app.seal.${process.ppid}.part`, `.other.seal.${gone}.part`, 'app.seal'].sort(),
  );
});

test('a file that comes in pieces has its name only at the end, and nothing is left of one that was given up', () => {
  const file = beginWholeFile(path);
  file.write(bytes('one '));
  expect(existsSync(path)).toBe(false);
  file.write(bytes('two'));
  file.finish();
  file.abandon();
  expect(readFileSync(path, 'utf8')).toBe('one two');
  const other = beginWholeFile(path);
  other.write(bytes('three'));
  other.abandon();
  expect(readFileSync(path, 'utf8')).toBe('one two');
  expect(readdirSync(folder)).toEqual(['app.seal']);
});

test('a device is written to, never replaced', () => {
  writeWholeFile('/dev/null', [bytes('x')]);
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  if (existsSync('/dev/full'))
    expect(() => writeWholeFile('/dev/full', [bytes('x')])).toThrow(code('disk-full'));
});

test('a check before the work changes nothing', () => {
  refuseUnwritable(path);
  writeFileSync(path, 'old');
  refuseUnwritable(path);
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['app.seal']);
});
