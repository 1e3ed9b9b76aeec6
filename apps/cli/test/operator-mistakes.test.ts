// Small mistakes of owner, operator and auditor at the authority's files: none of them escapes a folder,
// stops a service or passes in silence.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProducts } from '../src/authority-folder.ts';
import { makeDesk } from './desk.ts';
import { jsonLines, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-mistakes-'));
const at = (name: string) => join(folder, name);
const environment = { FIRMSEAL_PASSPHRASE: 'words for this test and nothing else' };
const run = (...words: string[]) => runHere(words, environment);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a product name that is a path', () => {
  it.each(['../../../evil', 'a/b', '..', '', '.hidden', 'x'.repeat(33)])('%j is refused', async (name) => {
    writeFileSync(at('any'), '');
    const product = ['--product', name];
    for (const words of [
      [
        'keys',
        'delegate',
        '--root',
        at('any'),
        '--role',
        'device-ca',
        '--key',
        at('any'),
        '--out',
        at('new'),
      ],
      [
        ...['authority', 'add-product', folder, '--root-key', at('any')],
        ...['--issuer-delegation', at('any'), '--device-ca-delegation', at('any')],
      ],
    ]) {
      const { status, stderr } = await run(...words, ...product);
      expect([status, stderr]).toEqual([2, expect.stringContaining('command-line-invalid')]);
    }
    expect(readdirSync(folder)).toEqual(['any']);
  });
});

describe('the folder of an authority', () => {
  const made = () => at('authority');
  beforeAll(async () => {
    expect((await run('authority', 'init', made())).status).toBe(0);
  });

  it('that is there already stays as it is', async () => {
    const issuer = readFileSync(join(made(), 'issuer.key.pub'), 'utf8');
    expect((await run('authority', 'init', made())).stderr).toContain('folder-not-empty');
    expect(readFileSync(join(made(), 'issuer.key.pub'), 'utf8')).toBe(issuer);
  });

  it('with a stray file among its products serves the others, and the file is named', () => {
    writeFileSync(join(made(), 'products', '.DS_Store'), '');
    writeFileSync(join(made(), 'products', 'notes.txt'), '');
    const { products, ignored } = readProducts(made());
    expect([products, ignored.sort()]).toEqual([[], ['.DS_Store', 'notes.txt']]);
  });

  it('with a copy of a product file, a folder and JSON of others serves the product once', async () => {
    const desk = at('desk');
    mkdirSync(desk);
    const { at: inDesk } = await makeDesk(desk);
    const folder = inDesk('authority/products');
    const original = readFileSync(join(folder, 'panel.json'), 'utf8');
    writeFileSync(join(folder, 'panel-old.json'), original);
    writeFileSync(join(folder, 'package.json'), '{"format": 7, "name": "x"}');
    writeFileSync(join(folder, 'empty.json'), '{}');
    mkdirSync(join(folder, 'more.json'));
    symlinkSync('nowhere', join(folder, 'gone.json'));
    const read = () => readProducts(inDesk('authority'));
    expect(read().products.map(({ product }) => product)).toEqual(['panel']);
    expect(read().ignored).toEqual([
      'empty.json',
      'gone.json',
      'more.json',
      'package.json',
      'panel-old.json',
    ]);
    // One that is damaged is no stray file: without it the product would be gone.
    writeFileSync(join(folder, 'panel.json'), original.slice(0, -9));
    expect(read).toThrow(expect.objectContaining({ code: 'product-file-malformed' }));
    writeFileSync(join(folder, 'panel.json'), original.replace('"rootPublicKey"', '"root"'));
    expect(read).toThrow(expect.objectContaining({ code: 'product-file-malformed' }));
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect(read).toThrow(expect.objectContaining({ code: 'file-missing' }));
  });

  it('that is not there is said to be missing', async () => {
    const { status, stderr } = await run('authority', 'serve', at('nowhere'));
    expect(status).not.toBe(0);
    expect(stderr).toContain('FS09');
    expect(stderr).not.toContain('internal-error');
  });

  it('gives a new owner a token that lives as long as asked', async () => {
    const out = at('second.token');
    const { stdout } = await run('authority', 'token', made(), '--out', out, '--days', '2', '--json');
    const [{ expiresAtMs } = {}] = jsonLines({ stdout });
    expect((Number(expiresAtMs) - Date.now()) / 86_400_000).toBeCloseTo(2, 1);
    expect(stdout).not.toContain(readFileSync(out, 'utf8').trim());
  });
});

it('keys show tells what a file is, and what is wrong with one that it cannot tell', async () => {
  const files = at('told');
  mkdirSync(files);
  const { at: of } = await makeDesk(files);
  for (const [file, kind] of [
    ['root.key', 'key'],
    ['root.key.pub', 'public key'],
    ['ca.delegation', 'delegation'],
  ] as const)
    expect(jsonLines(await run('keys', 'show', of(file), '--json'))).toMatchObject([{ kind }]);
  const other = await run('keys', 'show', of('panel.seal'));
  expect([other.status, other.stderr]).toEqual([3, expect.stringContaining('signed-object-unknown')]);
  writeFileSync(at('cut.key'), readFileSync(of('root.key'), 'utf8').slice(0, -20));
  expect((await run('keys', 'show', at('cut.key'))).stderr).toMatch(/^FS\d+ key-/);
});

it('an audit whose remembered head is not there does not pass in silence', async () => {
  writeFileSync(at('evidence'), '');
  const { status, stderr } = await run(
    ...['audit', '--evidence', at('evidence'), '--product', 'pump', '--root-key', at('any')],
    ...['--device-ca-delegation', at('any'), '--remember', at('head.txt')],
  );
  expect([status, stderr]).toEqual([3, expect.stringContaining('head-not-remembered')]);
  writeFileSync(at('head.txt'), 'nonsense');
  const malformed = await run(
    ...['audit', '--evidence', at('evidence'), '--product', 'pump', '--root-key', at('any')],
    ...['--device-ca-delegation', at('any'), '--remember', at('head.txt')],
  );
  expect(malformed.stderr).toContain('head-malformed');
});
