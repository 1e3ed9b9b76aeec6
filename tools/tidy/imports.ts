// Rules about imports: direction by the table of layers, no deep imports, everything declared, no cycles, no
// Node built-in where a browser runs the code, no laboratory in the product.

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { circlesOf } from './graph.ts';
import { isForbiddenPair, nodePackages, whyNot } from './layers.ts';
import { codeLines, isTest, type Rule, type SourceFile } from './tree.ts';

const statement = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** The specifiers that a file imports, in any of the three ways. */
export function importsOf(text: string): string[] {
  const code = codeLines(text).join('\n');
  return [...code.matchAll(statement), ...code.matchAll(dynamic)].map((match) => match[1] ?? match[2]!);
}

const isSource = ({ path }: SourceFile): boolean => /\.(ts|tsx|mjs|js)$/.test(path);

/** `packages/seal/src/x.ts` -> `packages/seal`; undefined outside of packages and apps. */
function homeOf(path: string): string | undefined {
  return /^(?:packages|apps)\/[^/]+/.exec(path)?.[0];
}

const packageOf = (path: string): string | undefined => /^packages\/([^/]+)\//.exec(path)?.[1];
const scoped = (specifier: string): string | undefined => /^@firmseal\/([^/]+)/.exec(specifier)?.[1];

function eachImport(
  files: readonly SourceFile[],
  judge: (path: string, specifier: string) => string | undefined,
) {
  return files.filter(isSource).flatMap(({ path, text }) =>
    importsOf(text).flatMap((specifier) => {
      const reason = judge(path, specifier);
      return reason === undefined ? [] : [`${path}: imports ${specifier}: ${reason}`];
    }),
  );
}

/**
 * Shipped code of packages follows the layers. Tests may use adapters, but a forbidden pair binds them too.
 */
export const importDirection: Rule = (files) =>
  eachImport(files, (path, specifier) => {
    const from = packageOf(path);
    const to = scoped(specifier);
    if (from === undefined || to === undefined || from === to) return undefined;
    return isTest(path) && !isForbiddenPair(from, to) ? undefined : whyNot(from, to);
  });

const isTrial = (path: string): boolean => /^(?:lab|bench)\//.test(path);

/**
 * A package is entered through its index; a relative path stays at home. Tests, the laboratory and the
 * benchmark may also enter through `testing`, where a package offers what they need of it.
 */
export const deepImports: Rule = (files) =>
  eachImport(files, (path, specifier) => {
    if (/^@firmseal\/[^/]+\/testing$/.test(specifier) && (isTest(path) || isTrial(path))) return undefined;
    if (/^@firmseal\/[^/]+\//.test(specifier)) return 'goes past the index of the package';
    if (!specifier.startsWith('.')) return undefined;
    const target = posix.join(posix.dirname(path), specifier);
    const home = homeOf(path);
    const targetHome = homeOf(target);
    if (targetHome === home) return undefined;
    if (targetHome?.startsWith('packages/')) return 'reaches into a package by a relative path';
    return home === undefined || isTest(path) ? undefined : 'leaves its package by a relative path';
  });

type Manifest = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };

/**
 * Packages and apps declare the @firmseal packages that they import; their tests may use the root's as well.
 */
export const declaredImports: Rule = (files) => {
  const manifests = new Map<string, Manifest>();
  for (const { path, text } of files) {
    if (posix.basename(path) === 'package.json')
      manifests.set(posix.dirname(path), JSON.parse(text) as Manifest);
  }
  return eachImport(files, (path, specifier) => {
    const home = homeOf(path);
    const name = /^@firmseal\/[^/]+/.exec(specifier)?.[0];
    if (home === undefined || name === undefined || home === `packages/${scoped(specifier)}`)
      return undefined;
    const { dependencies = {}, devDependencies = {} } = manifests.get(home) ?? {};
    if (name in dependencies) return undefined;
    if (isTest(path) && (name in devDependencies || name in (manifests.get('.')?.devDependencies ?? {})))
      return undefined;
    return `is not declared in ${home}/package.json`;
  });
};

/** The laboratory tries the product out; nothing that is shipped may need it. Tests may use its shims. */
export const laboratoryImports: Rule = (files) =>
  eachImport(files, (path, specifier) => {
    if (isTest(path) || !/^(?:packages|apps|device)\//.test(path) || !specifier.startsWith('.'))
      return undefined;
    const target = posix.join(posix.dirname(path), specifier);
    return target.startsWith('lab/') ? 'the laboratory is no part of the product' : undefined;
  });

/** No package imports itself by way of others. */
export const importCycles: Rule = (files) => {
  const graph = new Map<string, Set<string>>();
  for (const { path, text } of files.filter(isSource)) {
    const from = packageOf(path);
    if (from === undefined || isTest(path)) continue;
    const targets = graph.get(from) ?? graph.set(from, new Set()).get(from)!;
    for (const to of importsOf(text).map(scoped)) if (to !== undefined && to !== from) targets.add(to);
  }
  return circlesOf(graph).flatMap((circle) =>
    circle.map((name) => `packages/${name}: imports itself by way of other packages`),
  );
};

/** No file imports itself by way of others, types included. */
export const fileCycles: Rule = (files) => {
  const graph = new Map<string, Set<string>>();
  for (const { path, text } of files.filter(isSource)) {
    const near = importsOf(text).filter((specifier) => specifier.startsWith('.'));
    graph.set(path, new Set(near.map((specifier) => posix.join(posix.dirname(path), specifier))));
  }
  return circlesOf(graph).map((circle) => `${circle[0]}: imported in a circle: ${circle.join(', ')}`);
};

/** Packages for browsers: no Node built-in and no Node global in what is shipped. */
export const browserImports: Rule = (files) => {
  const shipped = files.filter(({ path }) => {
    const name = packageOf(path);
    return name !== undefined && !nodePackages.includes(name) && path.includes('/src/') && !isTest(path);
  });
  const imports = eachImport(shipped, (_, specifier) =>
    isBuiltin(specifier) ? 'a browser has no such module' : undefined,
  );
  const globals = shipped.filter(isSource).flatMap(({ path, text }) => {
    const found = /\b(?:Buffer\.\w+|process\.\w+|require\(['"])/.exec(codeLines(text).join('\n'));
    return found === null ? [] : [`${path}: uses ${found[0]}, which a browser does not have`];
  });
  return [...imports, ...globals];
};
