// `npm run generate`: writes every generated file of the tree.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generators } from './generators.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const generate of Object.values(generators)) {
  for (const [path, text] of generate()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
