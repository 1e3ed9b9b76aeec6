// How deep the stack can get: longest path through the call graph that gcc writes
// (-fcallgraph-info=su), with the frame of every function. A cycle is an error (the agent does not
// recurse), and so is a frame of no fixed size, a call through a pointer whose targets nobody named,
// and a library function whose frame nobody measured.

import { readFileSync } from 'node:fs';

/** Targets of calls through pointers, by caller. BearSSL calls hash functions and curves through tables. */
export type IndirectCalls = Readonly<Record<string, readonly string[]>>;

export type StackDepth = { bytes: number; path: string[] };

type Node = { frameBytes: number | undefined; isDynamic: boolean; callees: Set<string> };

const nodeLine = /^node: \{ title: "([^"]+)" label: "([^"]*)"/;
const edgeLine = /^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/;

/** `folder/file.c:name` of a static function, `name` of any other. */
const shortName = (title: string): string => title.slice(title.lastIndexOf(':') + 1);

function readGraph(texts: readonly string[]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const nodeOf = (title: string): Node => {
    const known = nodes.get(title) ?? { frameBytes: undefined, isDynamic: false, callees: new Set<string>() };
    nodes.set(title, known);
    return known;
  };
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const node = nodeLine.exec(line);
    const frame = node && /(\d+) bytes \(([^)]*)\)/.exec(node[2]!);
    if (node && frame) {
      const known = nodeOf(node[1]!);
      known.frameBytes = Number(frame[1]);
      known.isDynamic = frame[2] === 'dynamic';
    }
    const edge = edgeLine.exec(line);
    if (edge) nodeOf(edge[1]!).callees.add(edge[2]!);
  }
  return nodes;
}

/**
 * Deepest stack below `entry`, its own frame included. `libraryFrames`: bytes of functions without a graph.
 */
export function stackDepth(
  callGraphs: readonly string[],
  entry: string,
  how: { indirect: IndirectCalls; libraryFrames: Readonly<Record<string, number>> },
): StackDepth {
  const nodes = readGraph(callGraphs.map((path) => readFileSync(path, 'utf8')));
  const byName = new Map(
    [...nodes].filter(([, { frameBytes }]) => frameBytes !== undefined).map(([t]) => [shortName(t), t]),
  );
  const known = new Map<string, StackDepth>();
  const open: string[] = [];

  const calleesOf = (title: string, { callees }: Node): string[] =>
    [...callees].flatMap((callee) => {
      if (callee !== '__indirect_call') return [callee];
      const targets = how.indirect[shortName(title)];
      if (targets === undefined) throw new Error(`${title} calls through a pointer; name its targets`);
      return targets.map((target) => byName.get(target) ?? target);
    });

  function depthOf(title: string): StackDepth {
    const before = known.get(title);
    if (before !== undefined) return before;
    if (open.includes(title))
      throw new Error(`recursion: ${[...open.slice(open.indexOf(title)), title].join(' > ')}`);
    const node = nodes.get(title);
    if (node?.frameBytes === undefined) {
      const bytes = how.libraryFrames[title];
      if (bytes === undefined) throw new Error(`nobody measured the frame of ${title}`);
      return { bytes, path: [title] };
    }
    if (node.isDynamic) throw new Error(`the frame of ${title} has no fixed size`);
    open.push(title);
    let deepest: StackDepth = { bytes: 0, path: [] };
    for (const callee of calleesOf(title, node)) {
      const below = depthOf(callee);
      if (below.bytes > deepest.bytes) deepest = below;
    }
    open.pop();
    const result = { bytes: node.frameBytes + deepest.bytes, path: [shortName(title), ...deepest.path] };
    known.set(title, result);
    return result;
  }
  return depthOf(byName.get(entry) ?? entry);
}
