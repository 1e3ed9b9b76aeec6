// The key for which packages are sealed is replaced, by commands alone: nothing that was sealed before is
// lost, a replacement that was broken off goes on, and no key is removed that something is still wrapped for.

import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  approverWords,
  type Desk,
  deskEnvironment,
  makeDesk,
  type ServedAuthority,
  sealWords,
  serveDesk,
  succeed,
} from './desk.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-kem-'));
let desk: Desk;
let authority: ServedAuthority;
const at = (name: string) => desk.at(name);
const run = (...words: string[]) => runHere(words, deskEnvironment);
const owner = () => ['--authority', authority.url, '--token-file', at('authority/owner.token')];
const inFolder = (name: string) => at(`authority/${name}`);
const open = (seal: string) =>
  run('job', 'open', ...owner(), '--package', at(seal), '--quota', '1', '--approve', ...approverWords(desk));
const retire = () => run('authority', 'retire-kem', at('authority'), ...owner());

beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  await succeed(sealWords(desk, at('waiting.seal')));
  await succeed(sealWords(desk, at('lost.seal')));
  authority = await serveDesk(desk);
});
afterAll(async () => {
  await authority.stop();
  rmSync(folder, { recursive: true });
});

async function serveAgain(): Promise<void> {
  await authority.stop();
  authority = await serveDesk(desk);
}

it('the new key takes the place of the old one, which stays until it is retired', async () => {
  expect((await open('panel.seal')).status).toBe(0);
  expect((await retire()).stderr).toContain('kem-previous-missing');
  const before = readFileSync(inFolder('kem.key.pub'), 'utf8');
  const made = await run('authority', 'new-kem', at('authority'));
  expect([made.status, made.stdout]).toEqual([0, expect.stringContaining('a new KEM key')]);
  expect(readFileSync(inFolder('kem-previous.key.pub'), 'utf8')).toBe(before);
  expect(readFileSync(inFolder('kem.key.pub'), 'utf8')).not.toBe(before);
  expect(existsSync(inFolder('kem-next.key'))).toBe(false);
  const second = await run('authority', 'new-kem', at('authority'));
  expect([second.status, second.stderr]).toEqual([3, expect.stringContaining('kem-rotation-under-way')]);
});

it('no key is removed before the authority works with the new one', async () => {
  const { status, stderr } = await retire();
  expect([status, stderr]).toEqual([3, expect.stringContaining('kem-key-not-served')]);
  expect(existsSync(inFolder('kem-previous.key'))).toBe(true);
});

it('what the authority keeps is wrapped again, and so is a package that no job has yet', async () => {
  await serveAgain();
  expect(authority.stderr()).toContain('still opens what was wrapped for it');
  const all = await run('authority', 'rewrap', ...owner());
  expect([all.status, all.stdout]).toEqual([0, expect.stringContaining('wrapped again: 1 of 1')]);
  expect((await run('authority', 'rewrap', ...owner())).stdout).toContain('wrapped again: 0 of 1');
  const file = readFileSync(at('waiting.seal.key'));
  const words = ['authority', 'rewrap', ...owner(), '--package', at('waiting.seal')];
  expect((await run(...words)).stdout).toContain('waiting.seal.key: wrapped for the present key');
  expect(readFileSync(at('waiting.seal.key'))).not.toEqual(file);
  expect((await run(...words)).stdout).toContain('waiting.seal.key: is for the present key already');
});

it('after that the old key is removed, and old packages open jobs as before', async () => {
  const { status, stdout } = await retire();
  expect([status, stdout]).toEqual([0, expect.stringContaining('removed; the 1 keys')]);
  for (const name of ['kem-previous.key', 'kem-previous.key.pub'])
    expect(existsSync(inFolder(name))).toBe(false);
  await serveAgain();
  expect(authority.stderr()).not.toContain('still opens');
  expect((await open('waiting.seal')).status).toBe(0);
  await succeed(sealWords(desk, at('new.seal')));
  expect((await open('new.seal')).status).toBe(0);
  expect((await open('lost.seal')).stderr).toContain('content-key-unwrap-failed');
  const trust = ['--root-key', at('root.key.pub'), '--device-ca-delegation', at('ca.delegation')];
  const audited = await run('audit', ...owner(), '--product', 'panel', ...trust);
  expect([audited.status, audited.stderr]).toEqual([0, '']);
});

it('a replacement that was broken off anywhere is gone on with, and never loses the old key', async () => {
  const [whole, work] = [join(folder, 'whole'), join(folder, 'work')];
  cpSync(at('authority'), whole, { recursive: true });
  const old = readFileSync(join(whole, 'kem.key'));
  const begin = () => {
    rmSync(work, { recursive: true, force: true });
    cpSync(whole, work, { recursive: true });
  };
  begin();
  expect((await run('authority', 'new-kem', work)).status).toBe(0);
  const next = join(folder, 'next.key');
  copyFileSync(join(work, 'kem.key'), next);
  // As a kill after each step leaves them.
  const steps: (() => void)[] = [
    () => copyFileSync(next, join(work, 'kem-next.key')),
    () => copyFileSync(join(whole, 'kem.key'), join(work, 'kem-previous.key')),
    () => copyFileSync(join(whole, 'kem.key.pub'), join(work, 'kem-previous.key.pub')),
    () => copyFileSync(next, join(work, 'kem.key')),
  ];
  for (let done = 1; done <= steps.length; done++) {
    begin();
    for (const step of steps.slice(0, done)) step();
    expect((await run('authority', 'new-kem', work)).status).toBe(0);
    expect(readFileSync(join(work, 'kem-previous.key'))).toEqual(old);
    expect(readFileSync(join(work, 'kem.key'))).toEqual(readFileSync(next));
    expect(existsSync(join(work, 'kem-next.key'))).toBe(false);
    expect((await run('authority', 'serve', work, '--validate')).status).toBe(0);
  }
});
