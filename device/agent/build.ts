// Compiles the agent to WebAssembly, one module a chip, with clang from npm: no compiler on the
// system is needed. Results are kept in .cache/agent/ by the hash of everything that went in, and
// copied to device/agent/build/. `node device/agent/build.ts` builds every chip; tests call
// buildAgent, and only the first of them compiles.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { agentChipIds } from './toolchain/chip-header.ts';
import { type Weakening, weakened } from './toolchain/defences.ts';
import { generatedHeaders } from './toolchain/generated.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

const compileFlags = [
  ...['--target=wasm32', '-std=c99', '-Os', '-nostdlib', '-ffreestanding', '-fno-strict-aliasing'],
  ...['-Wall', '-Wextra', '-Werror', '-Wconversion', '-Wshadow'],
];
// Stack below the data: an overflow traps at address 0 instead of running into them.
// Two pages stand for the SRAM.
const linkFlags = [
  ...['-Wl,--no-entry', '-Wl,--stack-first', '-Wl,-z,stack-size=16384', '-Wl,--strip-all'],
  ...['-Wl,--initial-memory=65536', '-Wl,--max-memory=65536', '-Wl,--export-memory'],
];

type Sources = Map<string, string>;

function addFolder(sources: Sources, folder: string, prefix: string): void {
  for (const entry of readdirSync(here + folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) addFolder(sources, path, `${prefix}${entry.name}/`);
    else if (/\.[ch]$/.test(entry.name)) sources.set(prefix + entry.name, readFileSync(here + path, 'utf8'));
  }
}

function readSources(chipId: string): Sources {
  const sources: Sources = new Map();
  addFolder(sources, 'core', 'core/');
  addFolder(sources, 'port/wasm', 'wasm/');
  // The chip's registers are no concern of this build: its flash and clock are the host's.
  for (const [name, text] of generatedHeaders(chipId)) sources.set(`chip/${name}`, text);
  return sources;
}

/** Path of clang's package manifest, whose version is part of the cache key. */
const compilerVersion = (): string =>
  JSON.parse(readFileSync(`${root}node_modules/@yowasp/clang/package.json`, 'utf8')).version;

function keyOf(sources: Sources, flags: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([compilerVersion(), flags]));
  for (const [name, text] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`\0${name}\0${text}`);
  return hash.digest('hex').slice(0, 32);
}

type FileTree = { [name: string]: string | FileTree | Uint8Array };

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

async function compile(sources: Sources, flags: readonly string[]): Promise<Uint8Array> {
  const { commands, runLLVM } = await import('@yowasp/clang');
  // Loads the compiler without its report of progress.
  await runLLVM(undefined, undefined, { fetchProgress: () => {} });
  const files = [...sources.keys()].filter((name) => name.endsWith('.c')).sort();
  const messages: Uint8Array[] = [];
  const keep = (bytes: Uint8Array | null) => {
    if (bytes) messages.push(bytes);
  };
  try {
    const made = (await commands.clang([...flags, ...files, '-o', 'agent.wasm'], treeOf(sources), {
      stdout: keep,
      stderr: keep,
    })) as FileTree;
    return made['agent.wasm'] as Uint8Array;
  } catch {
    // The error that was caught holds all the sources, and would be printed with them.
    throw new Error(`the agent does not compile:\n${Buffer.concat(messages).toString()}`);
  }
}

/** Writes so that no other process ever sees half a file. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, bytes);
  renameSync(draft, path);
}

async function built(sources: Sources, flags: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = `${root}.cache/agent/`;
  const path = `${folder}${keyOf(sources, flags)}.wasm`;
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeWhole(path, await compile(sources, flags));
  }
  return Uint8Array.from(readFileSync(path));
}

const includes = ['-Iwasm/include', '-Icore', '-Ichip'];

/** The agent's module for a chip, from the cache or compiled now. */
export function buildAgent(chipId: string): Promise<Uint8Array<ArrayBuffer>> {
  return built(readSources(chipId), [...compileFlags, ...includes, ...linkFlags]);
}

/** The agent with defences taken out, for tests that must notice. */
export function buildWeakenedAgent(chipId: string, weakening: Weakening): Promise<Uint8Array<ArrayBuffer>> {
  const sources = readSources(chipId);
  for (const [name, text] of weakened(sources, weakening)) sources.set(name, text);
  return built(sources, [...compileFlags, ...includes, ...linkFlags]);
}

/** The test-only module: the CBOR check of the core, for no chip in particular. */
export function buildCborTest(): Promise<Uint8Array<ArrayBuffer>> {
  const all = readSources('stm32f427');
  addFolder(all, 'test', 'test/');
  const wanted =
    /^(core\/fs_cbor(_check|_head|_writer)?\.c|core\/fs_bytes\.c|wasm\/memory\.c|test\/.*\.c|.*\.(h|def))$/;
  const sources = new Map([...all].filter(([name]) => wanted.test(name)));
  return built(sources, [...compileFlags, '-DFS_TEST', ...includes, ...linkFlags]);
}

/**
 * A module for tests: the agent of a chip together with more sources (name to text), whose exports a test
 * calls. `memoryBytes`: larger than the agent's, for what they hold.
 */
export function buildWithTests(
  chipId: string,
  more: ReadonlyMap<string, string>,
  { memoryBytes, weakening = {} }: { memoryBytes: number; weakening?: Weakening },
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = readSources(chipId);
  for (const [name, text] of weakened(sources, weakening)) sources.set(name, text);
  for (const [name, text] of more) sources.set(`test/${name}`, text);
  const memory = linkFlags.map((flag) => flag.replace(/(memory)=65536/, `$1=${memoryBytes}`));
  return built(sources, [...compileFlags, ...includes, '-Itest', ...memory]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(`${here}build`, { recursive: true });
  for (const chipId of agentChipIds) {
    const module = await buildAgent(chipId);
    const path = `${here}build/agent-${chipId}.wasm`;
    if (existsSync(path) && readFileSync(path).equals(module)) continue;
    writeWhole(path, module);
    console.log(`built agent-${chipId}.wasm, ${module.length} bytes`);
  }
}
