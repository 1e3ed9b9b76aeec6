// Rules against traces of the machine that a file was made on: paths of its disk,
// hosts of package registries.

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
