// Rules about the agent's core in C: its files include each other in no circle, and call each other in no
// circle. A header and the source of the same name are one file here. The same is shown from compiled code by
// device/agent/toolchain/symbol-graph.test.ts.

import { posix } from 'node:path';
import { circlesOf, type Graph } from './graph.ts';
import type { Rule, SourceFile } from './tree.ts';

const core = 'device/agent/core/';
const stemOf = (path: string): string => posix.basename(path).replace(/\.[ch]$/, '');

const coreFiles = (files: readonly SourceFile[]): SourceFile[] =>
  files.filter(({ path }) => path.startsWith(core) && /\.[ch]$/.test(path));

/** Code without comments, texts and preprocessor lines. */
const bare = (text: string): string =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replaceAll(/^[ \t]*#(?:.*\\\n)*.*$/gm, '');

/**
 * The names that a source gives to others: functions and variables defined at the left margin, not static.
 */
export function definedNames(text: string): string[] {
  const start = '^(?!static\\b|typedef\\b|extern\\b)[a-z][\\w \\t*]*?\\b(fs_\\w+)';
  const code = bare(text).replaceAll(/__attribute__\(\(.*?\)\)/g, '');
  const functions = code.matchAll(new RegExp(`${start}\\([^;{}]*\\)\\s*\\{`, 'gm'));
  const variables = code.matchAll(new RegExp(`${start}(?:\\[[^\\]]*\\])*\\s*[=;]`, 'gm'));
  return [...functions, ...variables].map(([, name]) => name!);
}

function includeGraph(files: readonly SourceFile[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { path, text } of coreFiles(files)) {
    const targets = graph.get(stemOf(path)) ?? new Set<string>();
    graph.set(stemOf(path), targets);
    for (const [, name] of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm))
      if (stemOf(name!) !== stemOf(path)) targets.add(stemOf(name!));
  }
  return graph;
}

function callGraph(files: readonly SourceFile[]): Graph {
  const sources = coreFiles(files).filter(({ path }) => path.endsWith('.c'));
  const homes = new Map(
    sources.flatMap(({ path, text }) => definedNames(text).map((name) => [name, stemOf(path)])),
  );
  return new Map(
    sources.map(({ path, text }) => {
      const used = [...bare(text).matchAll(/\b\w+\b/g)].map(([name]) => homes.get(name));
      return [stemOf(path), new Set(used.filter((home) => home !== undefined && home !== stemOf(path)))];
    }),
  ) as Graph;
}

const inWords = (graph: Graph, verb: string): string[] =>
  circlesOf(graph).map((circle) => `${core}${circle[0]}: ${verb} in a circle: ${circle.join(', ')}`);

export const coreIncludes: Rule = (files) => inWords(includeGraph(files), 'included');
export const coreCalls: Rule = (files) => inWords(callGraph(files), 'called');
