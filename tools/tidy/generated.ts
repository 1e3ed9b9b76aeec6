// The rule that generated files stand in the tree exactly as their generators would write them.

import { generators } from '../generate/generators.ts';
import type { Rule, SourceFile } from './tree.ts';

/** One line a file that is missing or differs; `outputs` maps path to text. */
export function compareGenerated(
  files: readonly SourceFile[],
  outputs: ReadonlyMap<string, string>,
): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return [...outputs].flatMap(([path, text]) =>
    texts.get(path) === text ? [] : [`${path}: differs from what its generator gives (npm run generate)`],
  );
}

export const generatedFiles: Rule = (files) =>
  Object.values(generators).flatMap((generate) => compareGenerated(files, generate()));

/**
 * A generator that the list does not name would never be compared: a file of tools/generate that offers one.
 */
export const generatorsListed: Rule = (files) => {
  const list = files.find(({ path }) => path === 'tools/generate/generators.ts')?.text ?? '';
  return files.flatMap(({ path, text }) => {
    if (!/^tools\/generate\/[^/]+\.ts$/.test(path) || path.endsWith('.test.ts')) return [];
    return [...text.matchAll(/^export function (generate\w+)/gm)]
      .filter(([, name]) => !new RegExp(`: ${name}\\b`).test(list))
      .map(([, name]) => `${path}: ${name} is not in tools/generate/generators.ts`);
  });
};
