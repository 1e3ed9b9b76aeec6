// Puts the npm package pkcs11js into node_modules, for the suites of keys in tokens. Users install it when
// they have a token (it is an optional peer: npm would compile it on every machine); here it is fetched by
// npm, compared with the hash below, and compiled with the headers that the platform's Node brings along.

import { execFileSync, type StdioOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasTool } from '../toolchain.ts';

const version = '2.1.7';
const sha512 = 'hstUuhkFoISF8BmTVRtaZzbF09WjE39K3gzZzUrI8WtRu4cYl4gakkd06I4Kq36kR/mkwVw2T2y3kHXk6JvuHQ==';

const root = fileURLToPath(new URL('../../', import.meta.url));
const place = join(root, 'node_modules/pkcs11js');
const headers = join(root, `node_modules/node-${process.platform}-${process.arch}/include/node`);
const addon = 'build/Release/pkcs11.node';
const fetchTimeoutMs = 60_000;

/** A connection that hangs is given up, and tried again. */
function fetchInto(folder: string): void {
  const words = ['pack', `pkcs11js@${version}`, '--pack-destination', folder, '--silent'];
  const stdio: StdioOptions = ['ignore', 'ignore', 'inherit'];
  for (let left = 2; ; left--)
    try {
      execFileSync('npm', [...words, '--ignore-scripts', '--prefer-offline'], {
        ...{ cwd: root, stdio, timeout: fetchTimeoutMs },
      });
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
}

function build(): void {
  const work = mkdtempSync(join(tmpdir(), 'firmseal-pkcs11js-'));
  try {
    fetchInto(work);
    const tarball = join(work, `pkcs11js-${version}.tgz`);
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    if (digest !== sha512) throw new Error(`pkcs11js ${version} as fetched has another hash`);
    execFileSync('tar', ['-xzf', tarball, '-C', work], { stdio: ['ignore', 'ignore', 'inherit'] });
    const source = join(work, 'package');
    mkdirSync(join(source, 'build/Release'), { recursive: true });
    const flags = ['-shared', '-fPIC', '-O1', '-std=c++17', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-Iincludes'];
    const files = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'];
    execFileSync('g++', [...flags, `-I${headers}`, ...files, '-o', addon], {
      ...({ cwd: source, stdio: ['ignore', 'ignore', 'inherit'] } as const),
    });
    const part = `${place}.${process.pid}`;
    cpSync(source, part, { recursive: true });
    rmSync(place, { recursive: true, force: true });
    renameSync(part, place);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (!existsSync(join(place, addon)) && hasTool('g++') && existsSync(headers)) {
  process.stderr.write('set-up: compiling pkcs11js\n');
  try {
    build();
  } catch (error) {
    process.stderr.write(`set-up: pkcs11js could not be had: ${(error as Error).message}\n`);
  }
}
