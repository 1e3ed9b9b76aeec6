import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stackDepth } from './stack-depth.ts';

const folder = mkdtempSync(join(tmpdir(), 'stack-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A graph as gcc writes it: frames by name, calls as pairs. */
function graphOf(frames: Record<string, string>, calls: [string, string][]): string[] {
  const path = join(folder, `${files++}.ci`);
  const nodes = Object.entries(frames).map(
    ([name, frame]) => `node: { title: "${name}" label: "${name}\\nx.c:1:1\\n${frame}" }`,
  );
  const edges = calls.map(
    ([from, to]) => `edge: { sourcename: "${from}" targetname: "${to}" label: "x.c:2:2" }`,
  );
  writeFileSync(path, ['graph: { title: "x.c"', ...nodes, ...edges, '}'].join('\n'));
  return [path];
}

const nothing = { indirect: {}, libraryFrames: {} };

it('adds the frames of the deepest path, over more than one file', () => {
  const first = graphOf({ main: '16 bytes (static)', 'x.c:small': '8 bytes (static)' }, [
    ['main', 'x.c:small'],
    ['main', 'deep'],
  ]);
  const second = graphOf({ deep: '100 bytes (static)' }, [['deep', 'memcpy']]);
  const depth = stackDepth([...first, ...second], 'main', { indirect: {}, libraryFrames: { memcpy: 12 } });
  expect(depth).toEqual({ bytes: 128, path: ['main', 'deep', 'memcpy'] });
});

it('follows calls through pointers to the targets named', () => {
  const graph = graphOf({ main: '8 bytes (static)', a: '4 bytes (static)', b: '24 bytes (static)' }, [
    ['main', '__indirect_call'],
  ]);
  const depth = stackDepth(graph, 'main', { indirect: { main: ['a', 'b'] }, libraryFrames: {} });
  expect(depth.bytes).toBe(32);
  expect(() => stackDepth(graph, 'main', nothing)).toThrow('main calls through a pointer');
});

it('refuses recursion, also around a corner', () => {
  const graph = graphOf({ main: '8 bytes (static)', a: '8 bytes (static)', b: '8 bytes (static)' }, [
    ['main', 'a'],
    ['a', 'b'],
    ['b', 'a'],
  ]);
  expect(() => stackDepth(graph, 'main', nothing)).toThrow('recursion: a > b > a');
});

it('refuses a frame of no fixed size, and a function that nobody measured', () => {
  expect(() => stackDepth(graphOf({ main: '8 bytes (dynamic)' }, []), 'main', nothing)).toThrow(
    'no fixed size',
  );
  expect(() =>
    stackDepth(graphOf({ main: '8 bytes (static)' }, [['main', 'puts']]), 'main', nothing),
  ).toThrow('puts');
});
