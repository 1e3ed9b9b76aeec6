// Builds the agent for a target: compiles, measures the stack, links with a stack of that size,
// and refuses what the agent must not contain (a heap, recursion, code outside of its ranges:
// the last by the linker script).

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Range } from '@firmseal/chips';
import { root } from './cache.ts';
import { type CompiledObject, type Compiler, compileBearssl, compileOurs, link } from './compile.ts';
import { type IndirectCalls, type StackDepth, stackDepth } from './stack-depth.ts';
import type { Target } from './targets.ts';

export type AgentBuild = {
  target: Target;
  /** The executable; symbols included. */
  elf: string;
  map: string;
  objects: CompiledObject[];
  stack: StackDepth;
  /** Bytes reserved for the stack. */
  stackBytes: number;
};

/** Thumb code for a core, each function in a section of its own so that the linker can leave it out. */
export const thumbCompiler = (cpu: string): Compiler => ({
  program: 'arm-none-eabi-gcc',
  flags: [
    `-mcpu=${cpu}`,
    '-mthumb',
    '-masm-syntax-unified',
    '-Os',
    '-ffunction-sections',
    '-fdata-sections',
    '-fno-common',
    '-fno-strict-aliasing',
  ],
});

/** Passes of gcc that make our own code longer: found by trying, for all cores alike. */
const smallFlags = ['-fno-move-loop-invariants', '-fno-schedule-insns2', '-fno-tree-dominator-opts'];

/** No C library: port/cortex-m/memory.c has the four functions that are needed. libgcc divides. */
export const bareMetal = ['-nostdlib', '-lgcc', '-Wl,--gc-sections', '-Wl,--fatal-warnings'];

/**
 * Where BearSSL and its port call through tables. sha2small.c serves SHA-256 by
 * functions named after SHA-224.
 */
const hash = [
  'br_sha256_init',
  'br_sha224_update',
  'br_sha256_out',
  'br_sha224_state',
  'br_sha224_set_state',
];
const bearsslCalls: IndirectCalls = {
  multiply: ['api_mul'],
  fs_crypto_es256_verify: ['api_muladd'],
  fs_crypto_p256_public: ['api_mulgen'],
  fs_crypto_p256_check: ['api_mul'],
  fs_crypto_ecdh: ['api_mul'],
  make_r: ['api_mulgen'],
  fs_ecdsa_sign: ['api_mulgen'],
  br_ecdsa_i15_vrfy_raw: ['api_muladd'],
  br_ecdsa_i31_vrfy_raw: ['api_muladd'],
  br_hmac_key_init: hash,
  br_hmac_init: hash,
  br_hmac_update: hash,
  br_hmac_out: hash,
  process_key: hash,
  br_hmac_drbg_init: hash,
};

/**
 * Bytes that functions without a call graph push at most: libgcc's arithmetic by its disassembly (r4 to r11
 * and lr at one level, the divisions of 64 bits at two), fs_handover none.
 */
const libraryFrames: Readonly<Record<string, number>> = {
  fs_handover: 0,
  __aeabi_uidiv: 16,
  __aeabi_idiv: 16,
  __aeabi_uidivmod: 16,
  __aeabi_idivmod: 16,
  __aeabi_uldivmod: 96,
  __aeabi_lmul: 32,
  __aeabi_llsr: 16,
  __aeabi_llsl: 16,
  __gnu_thumb1_case_uqi: 16,
  __gnu_thumb1_case_uhi: 16,
  __gnu_thumb1_case_sqi: 16,
  __gnu_thumb1_case_shi: 16,
};

/** What the hardware pushes at a fault, and what its handler takes. */
const faultBytes = 32 + 40;

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

function linkerScript({ memory: { code, ram } }: Target, stackBytes: number): string {
  const region = (name: string, { addressStart, length }: Range) =>
    `  ${name} : ORIGIN = 0x${addressStart.toString(16)}, LENGTH = ${length}`;
  return [
    ...['MEMORY {', region('CODE', code), region('RAM', ram), '}'],
    `fs_stack_bytes = ${stackBytes};`,
    readFileSync(join(root, 'device/agent/port/cortex-m/agent.ld'), 'utf8'),
  ].join('\n');
}

type Symbols = ReadonlyMap<string, { readonly address: number; readonly sizeBytes: number }>;

const knownSymbols = new Map<string, Symbols>();

/** Every symbol of an executable, with its address and size in bytes (0 where it has none). */
export function symbolsOf(elf: string): Symbols {
  const version = `${elf} ${statSync(elf).mtimeMs}`;
  const symbols = knownSymbols.get(version) ?? readSymbols(elf);
  knownSymbols.set(version, symbols);
  return symbols;
}

function readSymbols(elf: string): Symbols {
  const { status, stdout, stderr } = spawnSync('arm-none-eabi-nm', ['--format=sysv', elf], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`arm-none-eabi-nm failed: ${stderr}`);
  const rows = stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows
      .filter((row) => row.length === 7 && /^[0-9a-f]+$/.test(row[1]!))
      .map((row) => [
        row[0]!,
        { address: Number.parseInt(row[1]!, 16), sizeBytes: Number.parseInt(row[4]!, 16) || 0 },
      ]),
  );
}

const heap = /^_*(malloc|free|calloc|realloc|sbrk)(_r)?$/;

/** Builds of this process: asking the cache again takes a tenth of a second, for every file is read. */
const known = new Map<string, AgentBuild>();

/** Builds through the cache. Throws with the tool's words, or naming the rule that the code breaks. */
export function buildAgent(target: Target): AgentBuild {
  const { kind, chip, arithmetic, memory, sources, includes } = target;
  const key = JSON.stringify([kind, chip.id, arithmetic, memory, sources, includes]);
  const build = known.get(key) ?? buildThroughCache(target);
  known.set(key, build);
  return build;
}

function buildThroughCache(target: Target): AgentBuild {
  const compiler = thumbCompiler(target.cpu);
  const own = [target.arithmetic === 'm15' ? '-DFS_BEARSSL_M15' : '-DFS_BEARSSL_M31', ...smallFlags];
  const objects = [
    ...compileOurs(compiler, target.sources, target.includes, own),
    ...compileBearssl(compiler, target.arithmetic),
  ];
  const graphs = objects.map(({ callGraph }) => callGraph).filter((path) => path !== '');
  const stack = stackDepth(graphs, 'fs_reset_entry', { indirect: bearsslCalls, libraryFrames });
  const stackBytes = roundUp(stack.bytes + faultBytes, 64);
  const script = linkerScript(target, stackBytes);
  const folder = link(compiler, objects, {
    name: `agent-${target.chip.id}-${target.kind}`,
    flags: bareMetal,
    script,
  });
  const elf = join(folder, `agent-${target.chip.id}-${target.kind}`);
  const forbidden = [...symbolsOf(elf).keys()].filter((name) => heap.test(name));
  if (forbidden.length > 0) throw new Error(`the agent must not have a heap: ${forbidden.join(', ')}`);
  return { target, elf, map: `${elf}.map`, objects, stack, stackBytes };
}
