// The rules that keep the table of layers and docs/layout.md true: every package of the table exists, every
// package is in it, and the page shows readers the same packages and folders as the tree has.

import { adapters, compositions, layers } from './layers.ts';
import type { Rule, SourceFile } from './tree.ts';

/** The rows that the page must have: the name of a layer, and its packages in order. */
const rows: readonly (readonly [string, readonly string[]])[] = [
  ...layers.map(({ name, packages }) => [name, packages] as const),
  ['adapters', adapters],
  ['compositions', compositions],
];

const packagesOf = (files: readonly SourceFile[]): string[] =>
  files.flatMap(({ path }) => /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1] ?? []);

/** The table names packages that exist, and every package that exists. */
export const layersExist: Rule = (files) => {
  const there = packagesOf(files);
  const named = rows.flatMap(([, packages]) => packages);
  return [
    ...named
      .filter((name) => !there.includes(name))
      .map((name) => `tools/tidy/layers.ts: ${name} does not exist`),
    ...there
      .filter((name) => !named.includes(name))
      .map((name) => `packages/${name}: is not in tools/tidy/layers.ts`),
  ];
};

const page = 'docs/layout.md';

/**
 * docs/layout.md has a row for each layer with exactly its packages, and one for
 * each folder with files in it.
 */
export const layoutPage: Rule = (files) => {
  const text = files.find(({ path }) => path === page)?.text;
  if (text === undefined) return [`${page}: does not exist`];
  const lines = text.split('\n');
  const wanted = rows.map(([name, packages]) => `| ${name} | ${packages.join(', ')} |`);
  const folders = new Set(files.flatMap(({ path }) => /^([^./][^/]*)\//.exec(path)?.[1] ?? []));
  const has = (start: string) => lines.some((line) => line.startsWith(start));
  const shown = lines.flatMap((line) => /^\| `([a-z]+)` \|/.exec(line)?.[1] ?? []);
  return [
    ...wanted.filter((row) => !has(row)).map((row) => `${page}: lacks the row that begins "${row}"`),
    ...[...folders]
      .filter((name) => !has(`| \`${name}\` |`))
      .map((name) => `${page}: lacks the folder ${name}`),
    ...shown
      .filter((name) => !folders.has(name))
      .map((name) => `${page}: shows the folder ${name}, which is not there`),
  ];
};
