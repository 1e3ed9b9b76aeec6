// Breaks comment lines that are too long, in the files given or in the whole tree:
// `npm run format` does it after Biome. Names what it changed; what it leaves (tables, drawings)
// the rule in comment-lines.ts then names.

import { readFileSync, writeFileSync } from 'node:fs';
import { commentStyleOf, wrapComments } from './comment-lines.ts';
import { readTree, root } from './tree.ts';

const chosen = process.argv.slice(2);
const paths = chosen.length > 0 ? chosen : readTree().map(({ path }) => root + path);
for (const path of paths) {
  const style = commentStyleOf(path);
  if (style === undefined) continue;
  const text = readFileSync(path, 'utf8');
  const wrapped = wrapComments(text, style);
  if (wrapped === text) continue;
  writeFileSync(path, wrapped);
  console.log(path);
}
