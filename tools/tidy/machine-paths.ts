// Rules against traces of the machine that a file was made on: paths of its disk, hosts of package registries.

import type { Rule } from './tree.ts';

// A folder directly under the root of a disk; the look-behind keeps paths inside of the tree and URLs apart.
const machinePath = /(?<![\w.@/-])\/(?:root|work|home\/[\w.-]+|Users\/[\w.-]+|tmp)\/[\w.$-]*/;
const registryHosts =
  /\b(?:registry\.(?:npmjs\.org|yarnpkg\.com|npmmirror\.com)|(?:deb|security|archive)\.debian\.org|(?:files\.pythonhosted|pypi)\.org|proxy\.golang\.org)/;

/** One line a trace; making a temporary folder with mktemp may name where. */
export const machineTraces: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = line.includes('mktemp') ? null : machinePath.exec(line);
      const host = registryHosts.exec(line);
      return [found, host].flatMap((match) => (match ? [`${path}:${index + 1}: mentions ${match[0]}`] : []));
    }),
  );

/** The lockfile names packages by version and hash; where they are fetched from is each machine's own affair. */
export const lockfileHosts: Rule = (files) =>
  files
    .filter(({ path }) => path === 'package-lock.json')
    .flatMap(({ path, text }) => {
      const { packages } = JSON.parse(text) as {
        packages: Record<string, { resolved?: string; link?: boolean }>;
      };
      return Object.entries(packages)
        .filter(([, { resolved, link }]) => resolved !== undefined && (link !== true || /:/.test(resolved)))
        .map(([name]) => `${path}: ${name} is resolved to a place`);
    });

type LockEntry = { optionalDependencies?: Record<string, string> };

/** Whether `name`, wanted by the package at `path`, is found there or in a folder above, as Node looks for it. */
function isLocked(packages: Record<string, LockEntry>, path: string, name: string): boolean {
  const folders = path.split(/\/?node_modules\//);
  for (let depth = folders.length; depth > 0; depth--) {
    const above = [...folders.slice(0, depth), name].join('/node_modules/').replace(/^\//, '');
    if (above in packages) return true;
  }
  return false;
}

/** Binaries for other platforms are in the lockfile too: where one lacks, `npm ci` refuses on every platform. */
export const lockfileComplete: Rule = (files) =>
  files
    .filter(({ path }) => path === 'package-lock.json')
    .flatMap(({ path, text }) => {
      const { packages } = JSON.parse(text) as { packages: Record<string, LockEntry> };
      return Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies)
          .filter((name) => !isLocked(packages, folder, name))
          .map((name) => `${path}: ${folder} wants ${name}, which has no entry`),
      );
    });
