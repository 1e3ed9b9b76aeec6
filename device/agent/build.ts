// Compiles agent and anchor to WebAssembly, one file a chip, with clang from npm: no compiler on the system
// is needed. Results are kept in .cache/agent/ by the hash of everything that went in, and copied to
// device/agent/build/. `node device/agent/build.ts` builds every chip, or those named; tests call buildAgent,
// and only the first of them compiles.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withAnchor } from '@firmseal/virtual-stm32';
import { anchorCore } from './toolchain/anchor-core.ts';
import { agentChipIds } from './toolchain/chip-header.ts';
import { type Weakening, weakened } from './toolchain/defences.ts';
import { generatedHeaders } from './toolchain/generated.ts';
import { takesStaged } from './toolchain/staged.ts';
import { compileToWasm, type WasmFlags, writeWhole } from './toolchain/wasm-compiler.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

const compileFlags = [
  ...['--target=wasm32', '-std=c99', '-Oz', '-nostdlib', '-ffreestanding', '-fno-strict-aliasing'],
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
  if (!takesStaged(chipId)) addFolder(sources, 'port/unstaged', 'core/');
  addFolder(sources, 'port/wasm', 'wasm/');
  // The chip's registers are no concern of this build: its flash and clock are the host's.
  for (const [name, text] of generatedHeaders(chipId)) sources.set(`chip/${name}`, text);
  return sources;
}

const flags: WasmFlags = {
  compile: compileFlags,
  includes: ['wasm/include', 'core', 'chip'],
  link: linkFlags,
};

function anchorSources(chipId: string): Sources {
  const all = readSources(chipId);
  addFolder(all, 'anchor', 'anchor/');
  addFolder(all, 'port/wasm-anchor', 'anchor/port/');
  const wanted = /^(anchor|chip)\/|\.(h|def)$|^wasm\/(memory|host)\.c$/;
  return new Map(
    [...all].filter(([name]) => wanted.test(name) || anchorCore.some((file) => name === `core/${file}`)),
  );
}

const anchorFlags: WasmFlags = { ...flags, includes: [...flags.includes, 'anchor'] };

async function together(chipId: string, agent: Promise<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return withAnchor(await agent, await compileToWasm(anchorSources(chipId), anchorFlags));
}

/** The modules of agent and anchor for a chip in one file, from the cache or compiled now. */
export function buildAgent(chipId: string): Promise<Uint8Array<ArrayBuffer>> {
  return together(chipId, compileToWasm(readSources(chipId), flags));
}

const versionHeader = 'core/fs_version.h';

/** As buildAgent, of another version, perhaps with defences taken out: for tests. */
export function buildAgentOfVersion(
  chipId: string,
  version: number,
  weakening: Weakening = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = readSources(chipId);
  const text = sources.get(versionHeader)!;
  sources.set(versionHeader, text.replace(/(FS_AGENT_VERSION) \d+u/, `$1 ${version}u`));
  for (const [name, changed] of weakened(sources, weakening)) sources.set(name, changed);
  return together(chipId, compileToWasm(sources, flags));
}

/** As buildAgent, the anchor with defences taken out: for tests that must notice. */
export async function buildWeakenedAnchor(
  chipId: string,
  weakening: Weakening,
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = anchorSources(chipId);
  for (const [name, text] of weakened(sources, weakening)) sources.set(name, text);
  const agent = compileToWasm(readSources(chipId), flags);
  return withAnchor(await agent, await compileToWasm(sources, anchorFlags));
}

/** As buildAgent, the agent with defences taken out: for tests that must notice. */
export function buildWeakenedAgent(chipId: string, weakening: Weakening): Promise<Uint8Array<ArrayBuffer>> {
  const sources = readSources(chipId);
  for (const [name, text] of weakened(sources, weakening)) sources.set(name, text);
  return together(chipId, compileToWasm(sources, flags));
}

/** The test-only module: the CBOR check of the core, for no chip in particular. */
export function buildCborTest(): Promise<Uint8Array<ArrayBuffer>> {
  const all = readSources('stm32f427');
  addFolder(all, 'test', 'test/');
  const wanted =
    /^(core\/fs_cbor(_check|_head|_writer)?\.c|core\/fs_bytes\.c|wasm\/memory\.c|test\/fs_test\.c|.*\.(h|def))$/;
  const sources = new Map([...all].filter(([name]) => wanted.test(name)));
  return compileToWasm(sources, { ...flags, compile: [...compileFlags, '-DFS_TEST'] });
}

/**
 * A module for tests: the agent of a chip together with more sources (name to text), whose exports a test
 * calls. `memoryBytes`: larger than the agent's, for what they hold. `isAnchor`: what the anchor does in
 * another way than the agent is done in its way.
 */
export function buildWithTests(
  chipId: string,
  more: ReadonlyMap<string, string>,
  {
    memoryBytes,
    weakening = {},
    isAnchor,
  }: { memoryBytes: number; weakening?: Weakening; isAnchor?: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = readSources(chipId);
  const signer = 'fs_agent_signer.c';
  if (isAnchor === true) sources.set(`core/${signer}`, readFileSync(`${here}anchor/${signer}`, 'utf8'));
  for (const [name, text] of weakened(sources, weakening)) sources.set(name, text);
  for (const [name, text] of more) sources.set(`test/${name}`, text);
  const memory = linkFlags.map((flag) => flag.replace(/(memory)=65536/, `$1=${memoryBytes}`));
  return compileToWasm(sources, { ...flags, includes: [...flags.includes, 'test'], link: memory });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.slice(2);
  mkdirSync(`${here}build`, { recursive: true });
  const write = async (chipId: string) => {
    const module = await buildAgent(chipId);
    const path = `${here}build/agent-${chipId}.wasm`;
    if (existsSync(path) && readFileSync(path).equals(module)) return;
    writeWhole(path, module);
    console.log(`built agent-${chipId}.wasm, ${module.length} bytes`);
  };
  await Promise.all(agentChipIds.filter((id) => wanted.length === 0 || wanted.includes(id)).map(write));
}
