// The guest's kernel: Debian's package, fetched with apt-get and taken apart without being installed. A
// kept kernel is a folder of the cache named by package and version, with `vmlinuz`, the modules and
// `order`, in which they are loaded.

import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { guestModules, kernelPackage } from './guest-parts.ts';
import { run } from './programs.ts';

export interface Kernel {
  /** Package and version. */
  readonly name: string;
  readonly folder: string;
}

const prefix = 'kernel-';

/** The kernel that was kept last, if any was. */
export function keptKernel(cache: string): Kernel | undefined {
  if (!existsSync(cache)) return undefined;
  const kept = readdirSync(cache)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name: name.slice(prefix.length), folder: join(cache, name) }));
  const keptMs = ({ folder }: Kernel) => statSync(folder).mtimeMs;
  return kept.sort((a, b) => keptMs(b) - keptMs(a))[0];
}

/** The package with the kernel itself, as apt's lists name it. */
function offeredPackage(): { name: string; version: string } {
  const depends = run('apt-cache', ['depends', '--important', kernelPackage]);
  const name = /Depends: (linux-image-[\w.-]+)/.exec(depends)?.[1];
  const version = name && /^Version: (.*)$/m.exec(run('apt-cache', ['show', '--no-all-versions', name]))?.[1];
  if (!name || !version) throw new Error(`apt offers no ${kernelPackage}: run apt-get update`);
  return { name, version };
}

/** Modules in the order of loading, as files below `root`. Built-in ones have none. */
function modulesOf(root: string, release: string): string[] {
  run('depmod', ['--basedir', root, release]);
  const lines = guestModules.flatMap((name) =>
    run('modprobe', ['--dry-run', '--show-depends', '--dirname', root, '--set-version', release, name]).split(
      '\n',
    ),
  );
  const files = lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(files)];
}

function takeApart(work: string, folder: string): void {
  const [archive] = globSync('*.deb', { cwd: work });
  const root = join(work, 'root');
  run('dpkg-deb', ['--extract', join(work, archive!), root]);
  const [release] = readdirSync(join(root, 'lib/modules'));
  mkdirSync(folder);
  copyFileSync(join(root, `boot/vmlinuz-${release}`), join(folder, 'vmlinuz'));
  const modules = modulesOf(root, release!);
  for (const file of modules) copyFileSync(file, join(folder, basename(file)));
  writeFileSync(join(folder, 'order'), modules.map((file) => `${basename(file)}\n`).join(''));
}

/**
 * The kernel that apt offers now, fetched if it is not kept: about 70 MB. Throws
 * when apt has no package lists.
 */
export function fetchKernel(cache: string): Kernel {
  const { name, version } = offeredPackage();
  const kernel = { name: `${name} ${version}`, folder: join(cache, `${prefix}${name} ${version}`) };
  if (existsSync(kernel.folder)) return kernel;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    run('apt-get', ['--quiet=2', '--option=APT::Sandbox::User=', 'download', `${name}=${version}`], work);
    takeApart(work, join(work, 'kernel'));
    // Moved as a whole: what has the name is complete. Another run may have been faster.
    if (!existsSync(kernel.folder)) renameSync(join(work, 'kernel'), kernel.folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kernel;
}
