// Compiles C to WebAssembly with clang from npm, object by object: an object is kept by the hash of
// its source and of every file that it can include, so chips share what knows no chip, and a change
// compiles only the files that it touches. clang is itself WebAssembly and runs in processes of its
// own: there V8 can be told to compile each of its functions once and simply, which takes half the
// time for a run as short as this.

import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, hashOf, root } from './cache.ts';
import type { ClangAnswer, ClangRequest, FileTree } from './wasm-clang.ts';

/** Path to text. Paths are relative, as the compiler sees them. */
export type Sources = ReadonlyMap<string, string>;

export type WasmFlags = {
  compile: readonly string[];
  /** Folders, without -I. */
  includes: readonly string[];
  link: readonly string[];
};

// A process takes about 400 MB.
const mostProcesses = Math.min(availableParallelism(), 4);
const mostFilesAtOnce = 8;

type Work = { request: ClangRequest; resolve: (answer: ClangAnswer) => void; reject: (error: Error) => void };

const idle: ChildProcess[] = [];
const waiting: Work[] = [];
let processCount = 0;
let lastId = 0;

/** A process that knows nothing yet. While it is idle it keeps nobody from ending. */
function startClang(): ChildProcess {
  const script = fileURLToPath(new URL('wasm-clang.ts', import.meta.url));
  processCount++;
  return fork(script, { execArgv: ['--liftoff-only'], serialization: 'advanced', env: {} });
}

function giveWork(child: ChildProcess): void {
  const work = waiting.shift();
  if (work === undefined) {
    child.unref();
    child.channel?.unref();
    idle.push(child);
    return;
  }
  child.ref();
  child.channel?.ref();
  const done = () => {
    child.off('message', answered);
    child.off('exit', ended);
  };
  const answered = (answer: unknown) => {
    done();
    work.resolve(answer as ClangAnswer);
    giveWork(child);
  };
  const ended = (code: number | null, signal: string | null) => {
    done();
    processCount--;
    work.reject(new Error(`the process of the compiler ended with ${code ?? signal}`));
  };
  child.on('message', answered);
  child.on('exit', ended);
  child.send(work.request);
}

/** Runs clang with files in its working folder; returns the folder after that. Throws with clang's words. */
async function clang(args: readonly string[], files: FileTree): Promise<FileTree> {
  const { files: made, messages } = await new Promise<ClangAnswer>((resolve, reject) => {
    waiting.push({ request: { id: ++lastId, args: [...args], files }, resolve, reject });
    const child = idle.pop() ?? (processCount < mostProcesses ? startClang() : undefined);
    if (child !== undefined) giveWork(child);
  });
  if (made === undefined) throw new Error(`the agent does not compile:\n${messages}`);
  return made;
}

function treeOf(sources: Sources): FileTree {
  const tree: FileTree = {};
  for (const [path, text] of sources) {
    const parts = path.split('/');
    const name = parts.pop()!;
    let folder = tree;
    for (const part of parts) {
      folder[part] ??= {};
      folder = folder[part] as FileTree;
    }
    folder[name] = text;
  }
  return tree;
}

/** Version of the compiler, which is a part of every name in the cache. */
const compilerVersion: string = JSON.parse(
  readFileSync(join(root, 'node_modules/@yowasp/clang/package.json'), 'utf8'),
).version;

const includedNames = new Map<string, readonly string[]>();

/** What the text of a source includes; texts are the same for most builds. */
function namesIncluded(text: string): readonly string[] {
  const known = includedNames.get(text);
  if (known !== undefined) return known;
  const names = [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]/gm)].map(([, name]) => name!);
  includedNames.set(text, names);
  return names;
}

/**
 * The files that `path` can include, itself among them, whatever its conditions say. A file that is not
 * among the sources is one of the compiler's own.
 */
function reachable(sources: Sources, path: string, includes: readonly string[], found = new Set<string>()) {
  found.add(path);
  for (const name of namesIncluded(sources.get(path) ?? '')) {
    const places = [posix.dirname(path), ...includes].map((folder) => posix.join(folder, name));
    const place = places.find((candidate) => sources.has(candidate));
    if (place !== undefined && !found.has(place)) reachable(sources, place, includes, found);
  }
  return found;
}

function objectKey(sources: Sources, path: string, { compile, includes }: WasmFlags): string {
  const files = [...reachable(sources, path, includes)].sort();
  return hashOf(
    compilerVersion,
    ...compile,
    '',
    ...includes,
    '',
    path,
    ...files.flatMap((name) => [name, sources.get(name) ?? '']),
  ).slice(0, 32);
}

/** Writes so that no other process ever sees half a file. */
export function writeWhole(path: string, bytes: Uint8Array): void {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, bytes);
  renameSync(draft, path);
}

const objectPath = (key: string): string => join(cacheFolder(), `wasm-object-${key}`);
const inWork = new Map<string, Promise<void>>();

async function compileSome(sources: Sources, paths: readonly string[], flags: WasmFlags): Promise<void> {
  const includes = flags.includes.map((folder) => `-I${folder}`);
  const made = await clang([...flags.compile, ...includes, '-c', ...paths], treeOf(sources));
  for (const path of paths) {
    const object = made[`${posix.basename(path, '.c')}.o`] as Uint8Array;
    writeWhole(objectPath(objectKey(sources, path, flags)), object);
  }
}

/** Compiles what the cache lacks, a few files a command, each once even where two builds want it. */
async function compileMissing(sources: Sources, paths: readonly string[], flags: WasmFlags): Promise<void> {
  const keys = new Map(paths.map((path) => [path, objectKey(sources, path, flags)]));
  const missing = paths.filter(
    (path) => !inWork.has(keys.get(path)!) && !existsSync(objectPath(keys.get(path)!)),
  );
  for (let at = 0; at < missing.length; at += mostFilesAtOnce) {
    const some = missing.slice(at, at + mostFilesAtOnce);
    const work = compileSome(sources, some, flags);
    for (const path of some) inWork.set(keys.get(path)!, work);
  }
  try {
    await Promise.all(paths.map((path) => inWork.get(keys.get(path)!)));
  } finally {
    for (const path of missing) inWork.delete(keys.get(path)!);
  }
}

/**
 * The module of all C sources, from the cache or made now. Throws with the compiler's words when a source
 * does not compile. Two sources of one name are not meant to be.
 */
export async function compileToWasm(sources: Sources, flags: WasmFlags): Promise<Uint8Array<ArrayBuffer>> {
  const paths = [...sources.keys()].filter((name) => name.endsWith('.c')).sort();
  const keys = paths.map((path) => objectKey(sources, path, flags));
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion, flags.link, keys]));
  const path = join(cacheFolder(), `${hash.digest('hex').slice(0, 32)}.wasm`);
  if (!existsSync(path)) {
    await compileMissing(sources, paths, flags);
    const objects = paths.map(
      (name, i) => [`${posix.basename(name, '.c')}.o`, objectPath(keys[i]!)] as const,
    );
    const files = Object.fromEntries(
      objects.map(([name, place]) => [name, new Uint8Array(readFileSync(place))]),
    );
    const target = flags.compile.filter((flag) => flag.startsWith('--target'));
    const names = objects.map(([name]) => name);
    const made = await clang([...target, '-nostdlib', ...flags.link, ...names, '-o', 'out.wasm'], files);
    writeWhole(path, made['out.wasm'] as Uint8Array);
  }
  return Uint8Array.from(readFileSync(path));
}
