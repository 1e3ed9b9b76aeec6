// Debian packages that some suites need (debian-packages.json says which): looked for, and
// installed where that is possible without asking (root, or sudo without a password). Set
// FIRMSEAL_APT=never to have none installed.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { say } from './progress.mjs';

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * The packages of `names` that are not there: by dpkg's record, elsewhere by running each package's probe.
 */
export function missingOf(names, probes) {
  const { error, stdout } = spawnSync(
    'dpkg-query',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
    ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...names],
    { encoding: 'utf8' },
  );
  const recorded = new Set(error ? [] : stdout.split('\n'));
  return names.filter((name) => {
    if (recorded.has(`${name} installed`)) return false;
    // A toolchain that came another way than by dpkg serves as well.
    return !succeeds(...probes[name].probe);
  });
}

function installPrefix() {
  if (process.env.FIRMSEAL_APT === 'never' || !succeeds('apt-get', '--version')) return undefined;
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', '--non-interactive', 'true') ? ['sudo', '--non-interactive'] : undefined;
}

function aptGet(prefix, ...args) {
  const command = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '--quiet=2',
    '--option=DPkg::Lock::Timeout=600',
    ...args,
  ];
  return spawnSync(command[0], command.slice(1), { stdio: ['ignore', 2, 2] }).status === 0;
}

function install(prefix, names) {
  say(`installing Debian packages: ${names.join(' ')}`);
  const install = ['install', '--yes', '--no-install-recommends'];
  // A fresh machine has no package lists, an old one may have lists of versions that are gone.
  if (!aptGet(prefix, 'update')) return;
  // apt-get installs all or none: one package that cannot be had must not keep the others away.
  if (!aptGet(prefix, ...install, ...names)) for (const name of names) aptGet(prefix, ...install, name);
}

/** Installs what the task's suites need and lack, where it may; returns the names that are still missing. */
export async function lackingPackages(root, task) {
  const { packages, tasks } = JSON.parse(
    readFileSync(join(root, 'tools/set-up/debian-packages.json'), 'utf8'),
  );
  const names = [...new Set((tasks[task] ?? []).flatMap((suite) => suite.packages))];
  if (names.length === 0) return [];
  let missing = missingOf(names, packages);
  if (missing.length === 0) return [];

  const prefix = installPrefix();
  if (prefix !== undefined) {
    const waiting = (pid) => say(`waiting for another set-up (process ${pid ?? 'unknown'})`);
    await withLock(join(root, '.cache', 'set-up.lock'), waiting, () => {
      missing = missingOf(names, packages);
      if (missing.length > 0) install(prefix, missing);
      missing = missingOf(names, packages);
    });
  }
  if (missing.length > 0) say(`missing, by Debian's names: ${missing.join(' ')}`);
  return missing;
}
