// The tarball as a user meets it: built, packed, installed without a network into an empty folder, and run
// there. First with a small command that walks every way into the bundle, then with firmseal itself.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTlsIssuer } from '@firmseal/authority/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeBarePath } from './bare-system.ts';
import { buildBundle, cliEntry, packBundle } from './build.mjs';
import { readWalk, runWalk } from './readme-walk.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const smallAsset = 'apps/cli/test/small-entry.ts';

// What an installed copy must not need: anything of this tree. So the folders lie outside of it.
const scratch = mkdtempSync(join(tmpdir(), 'firmseal-pack-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Node, npm, shell and coreutils: nothing of this tree, and nothing that a bare Debian lacks. */
const path = makeBarePath(join(scratch, 'bin'));

/** Builds, packs and installs; returns the folder with the installed package. */
async function installed(name: string, entry?: string): Promise<string> {
  const place = join(scratch, name);
  const folder = join(place, 'dist');
  const tarball = await buildBundle(entry === undefined ? { folder } : { entry, folder });
  const home = join(place, 'home');
  mkdirSync(home, { recursive: true });
  const packed = packBundle({ folder, tarball, destination: place });
  const options = { cwd: home, env: { PATH: path, HOME: home }, stdio: 'pipe' } as const;
  // Packages with native code are optional: the command must run without them.
  const without = ['--offline', '--omit=optional', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...without, packed], options);
  return home;
}

const run = (home: string, ...args: string[]) => runWith({}, home, ...args);

function runWith(more: Readonly<Record<string, string>>, home: string, ...args: string[]) {
  const env = { PATH: path, HOME: home, ...more };
  const options = { cwd: home, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'firmseal', ...args], options);
  return { status, stdout, stderr };
}

describe('a small command, packed', () => {
  let home: string;
  beforeAll(async () => {
    home = await installed('small', join(root, smallAsset));
  });
  const packageFolder = () => join(home, 'node_modules', 'firmseal');

  test('stands alone: no dependencies, the licences of what was bundled beside it', () => {
    expect(readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'firmseal',
    ]);
    const manifest = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'firmseal', type: 'module', engines: { node: '>=24' } });
    expect(manifest.dependencies).toBeUndefined();
    expect(Object.keys(manifest.optionalDependencies).sort()).toEqual(['serialport', 'usb']);
    const licenses = readFileSync(join(packageFolder(), 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    expect(licenses).toMatch(/^commander \S+ \(MIT\)$/m);
    expect(licenses).toContain('Permission is hereby granted');
    expect(existsSync(join(packageFolder(), 'LICENSE'))).toBe(true);
  });

  test('runs, loads late what is loaded late, and says what it is', () => {
    expect(run(home, '--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('a small command'),
    });
    expect(run(home, 'late')).toMatchObject({ status: 0, stdout: 'loaded late\n' });
    const main = readFileSync(join(packageFolder(), 'main.js'), 'utf8');
    expect(main).not.toContain('loaded late');
  });

  test('takes the assets of the tree along', () => {
    const name = 'examples/stm32f427-panel/panel.elf';
    const digest = createHash('sha256')
      .update(readFileSync(join(root, name)))
      .digest('hex');
    expect(run(home, 'asset', name)).toMatchObject({ status: 0, stdout: `${digest}\n` });
  });

  test('reads assets from beside itself, and says which one is missing', () => {
    const name = 'examples/planted/planted.elf';
    const file = join(packageFolder(), 'assets', name);
    expect(run(home, 'asset', name)).toMatchObject({ status: 3, stderr: expect.stringContaining(name) });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'planted');
    const digest = createHash('sha256').update('planted').digest('hex');
    expect(run(home, 'asset', name)).toMatchObject({ status: 0, stdout: `${digest}\n` });
  });

  test('keeps compiled code in a folder of the user\u2019s own', () => {
    expect(run(home, 'late').status).toBe(0);
    expect(existsSync(join(home, '.cache/firmseal/compile'))).toBe(true);
  });

  test('refuses an older Node in one line, with the remedy', () => {
    // Says of itself that it is Node 20; the launcher believes process.versions.
    const pretend = join(home, 'pretend.mjs');
    writeFileSync(
      pretend,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });",
    );
    const launcher = join(packageFolder(), 'firmseal.mjs');
    const options = { cwd: home, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', pretend, launcher, '--help'],
      options,
    );
    expect(stderr).toMatch(/^firmseal needs Node 24 or newer and this is 20\.1\.0: install Node 24 .*\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(78);
  });
});

// Until the command is written there is nothing to pack; from then on these run and `demo` must be in it.
describe('firmseal, packed', () => {
  let home: string;
  const isWritten = existsSync(cliEntry);
  beforeAll(async () => {
    if (isWritten) home = await installed('firmseal');
  });
  beforeEach((context) => context.skip(!isWritten, 'apps/cli/src/main.ts is not written yet'));

  test('has every asset of the tree', () => {
    const wanted = globSync('{device,apps,examples}/**/*', { cwd: root })
      .filter((name) => !name.includes('node_modules'))
      .filter((name) =>
        /^(device\/agent\/build\/.*\.wasm|apps\/cli\/assets\/.*|apps\/(updater|console)\/dist\/.*|examples\/.*\.elf)$/.test(
          name,
        ),
      );
    const missing = wanted.filter((name) => !existsSync(join(home, 'node_modules/firmseal/assets', name)));
    expect(missing).toEqual([]);
  });

  test('makes no code of text, and runs where Node forbids it', () => {
    const folder = join(home, 'node_modules/firmseal');
    for (const name of globSync('**/*.{js,mjs}', { cwd: folder }))
      expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/\beval\(|\bnew Function\b/);
    const forbid = '--disallow-code-generation-from-strings';
    const words = [forbid, join(folder, 'firmseal.mjs'), 'chips', '--json'];
    const options = { cwd: home, env: { PATH: path, HOME: home }, encoding: 'utf8' } as const;
    expect(spawnSync(process.execPath, words, options)).toMatchObject({ status: 0, stderr: '' });
  });

  test('--help names the commands', () => {
    const { status, stdout, stderr } = run(home, '--help');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\s+demo\b/m);
  });

  test('demo --json runs to its end and prints JSON lines only', () => {
    const { status, stdout, stderr } = run(home, 'demo', '--json');
    expect(status, stderr).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  describe("the README's walk", () => {
    let walked: Awaited<ReturnType<typeof runWalk>>;
    const work = () => join(home, 'work');
    beforeAll(async () => {
      const bin = join(home, 'node_modules/.bin');
      walked = await runWalk({ work: work(), path: `${path}${delimiter}${bin}`, home });
    });

    test('runs to its end by the installed command, on a system with Node and npm alone', () => {
      expect(readWalk()).toContain('firmseal install panel.seal');
      expect(walked.status, walked.output).toBe(0);
    });

    test('installs on both chips with verified receipts, and the audit finds no contradiction', () => {
      expect(walked.output.match(/receipt verified, stored by the authority/g)).toHaveLength(2);
      expect(walked.output.match(/#RESULT:\d:#OK/g)).toHaveLength(2);
      expect(walked.output).toContain('audit: no contradiction');
    });

    test('its authority serves the command over TLS, too', async () => {
      const at = (name: string) => join(work(), name);
      const issuer = await makeTlsIssuer();
      const { cert, key } = await issuer.issue('localhost');
      for (const [name, text] of Object.entries({
        'ca.pem': issuer.certificate,
        'c.pem': cert,
        'k.pem': key,
      }))
        writeFileSync(at(name), text, { mode: 0o600 });
      const passphrase = /FIRMSEAL_PASSPHRASE='(.+)'/.exec(readWalk())![1]!;
      const serve = [
        ...['authority', 'serve', at('desk/authority'), '--listen', '127.0.0.1:0', '--json'],
        ...[
          '--tls-cert',
          at('c.pem'),
          '--tls-key',
          at('k.pem'),
          '--log-format',
          'json',
          '--metrics-port',
          '0',
        ],
      ];
      const launcher = join(home, 'node_modules/firmseal/firmseal.mjs');
      const env = { PATH: path, HOME: home, FIRMSEAL_PASSPHRASE: passphrase };
      const server = spawn(process.execPath, [launcher, ...serve], {
        ...({ cwd: home, env, stdio: ['ignore', 'pipe', 'ignore'] } as const),
      });
      try {
        const [said] = (await once(server.stdout, 'data')) as [Buffer];
        // What it says next may come along.
        const { url } = JSON.parse(String(said).split('\n')[0]!) as { url: string };
        const tls = { FIRMSEAL_TLS_CA: at('ca.pem') };
        const words = ['job', 'list', '--authority', url, '--token-file', at('desk/authority/owner.token')];
        expect(runWith(tls, home, ...words, '--json')).toMatchObject({ status: 0, stderr: '' });
      } finally {
        server.kill();
        await once(server, 'exit');
      }
    });

    test('prints no passphrase and no token', () => {
      const token = readFileSync(join(work(), 'desk', 'line.token'), 'utf8').trim();
      expect(walked.output).not.toContain(token);
      const passphrase = /FIRMSEAL_PASSPHRASE='(.+)'/.exec(readWalk())![1]!;
      expect(walked.output).not.toContain(passphrase);
    });
  });
});
