// Licence texts of the npm packages whose files a bundle holds. Plain JavaScript, for build.mjs.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One text for all; `inputs`: paths of the bundled files from the root. */
export function npmLicenses(inputs) {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0] ?? []),
  );
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = globSync('{LICENSE,LICENCE,license,licence,COPYING,NOTICE}*', {
      cwd: join(root, folder),
    }).sort();
    return [
      `${name} ${version} (${license})`,
      '',
      ...files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim()),
    ].join('\n');
  });
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
