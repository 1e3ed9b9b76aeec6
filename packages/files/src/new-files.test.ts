// A package and its content key, as `firmseal seal` writes them: each call to the system fails once, and the
// process ends at each of them once.

import * as nodeFiles from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';
import { refuseUnmakeable, writeNewFiles } from './new-files.ts';
import type { FileSystem } from './whole-file-steps.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-new-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const bytes = (text: string) => new TextEncoder().encode(text);
const code = (name: string) => expect.objectContaining({ code: name });
const outputs = (suffix = '') => [
  { path: at('app.seal.key'), parts: [bytes(`key${suffix}`)], mode: 0o600 },
  { path: at('app.seal'), parts: [bytes('package'), bytes(suffix)] },
];
const content = () =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(at(name), 'utf8')]));
const whole = (suffix = '') => ({ 'app.seal': `package${suffix}`, 'app.seal.key': `key${suffix}` });

const changing = ['openSync', 'writeSync', 'fsyncSync', 'linkSync', 'unlinkSync', 'closeSync'] as const;

/**
 * The system, whose `at`-th changing call fails; `forGood`: the process is gone, and so do all that follow.
 */
function failing(call: number, { forGood }: { forGood: boolean }) {
  let made = 0;
  const fail = () => Object.assign(new Error('injected'), { code: 'ENOSPC', syscall: 'write' });
  const files: Record<string, unknown> = { ...nodeFiles };
  for (const name of changing) {
    const real = files[name] as (...given: unknown[]) => unknown;
    files[name] = (...given: unknown[]) => {
      made++;
      if (made === call || (forGood && made > call)) throw fail();
      return real(...given);
    };
  }
  return { files: files as unknown as FileSystem, failed: () => made >= call };
}

test('all files with their modes, and none is replaced', () => {
  writeNewFiles(outputs());
  expect(content()).toEqual(whole());
  expect(nodeFiles.statSync(at('app.seal.key')).mode & 0o777).toBe(0o600);
  expect(() => writeNewFiles(outputs(' again'))).toThrow(code('file-exists'));
  expect(() => refuseUnmakeable([at('other'), at('app.seal')])).toThrow(code('file-exists'));
  expect(content()).toEqual(whole());
});

test('where one cannot be made, none is', () => {
  mkdirSync(at('app.seal'));
  expect(() => writeNewFiles(outputs())).toThrow(code('file-is-folder'));
  expect(() => writeNewFiles([...outputs().slice(0, 1), { path: at('no/app.seal'), parts: [] }])).toThrow(
    code('folder-missing'),
  );
  expect(readdirSync(folder)).toEqual(['app.seal']);
});

test('a device is written to as it is', () => {
  writeNewFiles([{ path: '/dev/null', parts: [bytes('x')] }, ...outputs()]);
  expect(content()).toEqual(whole());
  expect(() => writeNewFiles([{ path: '/dev/full', parts: [bytes('x')] }])).toThrow(code('disk-full'));
});

describe('at every call to the system', () => {
  test('a failure leaves nothing, or all', () => {
    let fired = 0;
    for (let call = 1; ; call++) {
      const { files, failed } = failing(call, { forGood: false });
      try {
        writeNewFiles(outputs(), files);
      } catch (error) {
        expect(error).toEqual(code('disk-full'));
        expect(content()).toEqual({});
      }
      if (!failed()) break;
      fired++;
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
    expect(fired).toBeGreaterThan(15);
    expect(content()).toEqual(whole());
  });

  test('after a kill the same command works, and leaves nothing else', () => {
    let halves = 0;
    for (let call = 1; ; call++) {
      const { files, failed } = failing(call, { forGood: true });
      try {
        writeNewFiles(outputs(' of the first run'), files);
      } catch {
        // The process is gone.
      }
      if (!failed()) break;
      if (existsSync(at('app.seal.key')) !== existsSync(at('app.seal'))) halves++;
      const complete = existsSync(at('app.seal')) && existsSync(at('app.seal.key'));
      if (complete) expect(() => writeNewFiles(outputs(' of the second'))).toThrow(code('file-exists'));
      else writeNewFiles(outputs(' of the second'));
      // What was finished is kept, whatever else the run had still to do.
      expect(content()).toEqual(whole(complete ? ' of the first run' : ' of the second'));
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
    }
    expect(halves).toBeGreaterThan(0);
  });

  test('a file that somebody put there after a kill is kept', () => {
    const gone = 2 ** 22 + 1;
    writeFileSync(at(`.app.seal.${gone}.new`), 'half');
    writeFileSync(at('app.seal'), 'from elsewhere');
    expect(() => writeNewFiles(outputs())).toThrow(code('file-exists'));
    expect(content()).toEqual({ 'app.seal': 'from elsewhere' });
  });

  test('a run that is killed while it looks takes nothing of the user along', () => {
    for (let call = 1; call < 20; call++) {
      writeFileSync(at('app.seal.key'), 'the key of a package that was moved away');
      const { files } = failing(call, { forGood: true });
      expect(() => writeNewFiles(outputs().toReversed(), files)).toThrow();
      expect(() => writeNewFiles(outputs().toReversed())).toThrow(code('file-exists'));
      expect(readFileSync(at('app.seal.key'), 'utf8')).toContain('moved away');
    }
  });
});

describe('a folder', () => {
  const fill = (name: string) => async (inside: string) => {
    writeFileSync(join(inside, name), name);
    return name;
  };

  test('has its name with everything in it', async () => {
    expect(await makeFolder(at('a/b'), fill('x'))).toBe('x');
    expect(readdirSync(at('a'))).toEqual(['b']);
    expect(readdirSync(at('a/b'))).toEqual(['x']);
    mkdirSync(at('empty'), { mode: 0o755 });
    await makeFolder(at('empty'), fill('y'));
    expect(readdirSync(at('empty'))).toEqual(['y']);
  });

  test('is refused where something is', async () => {
    await makeFolder(at('a'), fill('x'));
    await expect(makeFolder(at('a'), fill('y'))).rejects.toEqual(code('folder-not-empty'));
    await expect(makeFolder(at('a/x'), fill('y'))).rejects.toEqual(code('file-exists'));
    expect(readdirSync(at('a'))).toEqual(['x']);
  });

  test('is gone where filling fails, and what a killed run left goes with the next', async () => {
    const failed = makeFolder(at('a'), async (inside) => {
      writeFileSync(join(inside, 'half'), '');
      throw new Error('no more');
    });
    await expect(failed).rejects.toThrow('no more');
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(at(`.a.${2 ** 22 + 1}.new`));
    await makeFolder(at('a'), fill('x'));
    expect(readdirSync(folder)).toEqual(['a']);
  });
});
