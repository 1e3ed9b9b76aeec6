// Which instructions are the agent's own: the code of its objects by the linker's map, without BearSSL and the port to it,
// and without libgcc. Functions have sections of their own, so that the map names static ones too. And where in it decisions
// are made: the section .fs_sites of the ELF, the returns of functions that give a verdict, the loads of words that are one.

import { readFileSync } from 'node:fs';
import { flashSegments, sectionOf } from '../../device/agent/toolchain/elf.ts';
import { type AgentBuild, symbolsOf } from '../../device/agent/toolchain/thumb.ts';

interface CodeRange {
  readonly name: string;
  /** Path of the C source. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** A place in the machine code where FS_DECIDE, FS_DEMAND or FS_INSIST stands. */
interface Site {
  readonly address: number;
  readonly line: number;
  readonly function: string;
  /** The line of the source. */
  readonly text: string;
}

export interface AgentCode {
  readonly build: AgentBuild;
  /** By address. */
  readonly own: readonly CodeRange[];
  readonly symbols: ReturnType<typeof symbolsOf>;
  readonly sites: readonly Site[];
  /** Addresses behind a call of a function of the agent that returns a result or an answer, or of cryptography that does. */
  readonly returnsOfVerdicts: ReadonlySet<number>;
  /** Loads of the flow word, the session's phase or the life cycle by way of a literal, and the register that they fill. */
  readonly loadsOfVerdicts: ReadonlyMap<number, number>;
}

const piece = /^ (\.text\.\S+|\.startup|\.text)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*?)\s*$/;

function ownRanges(build: AgentBuild): CodeRange[] {
  const own = new Map(
    build.objects
      .filter(({ source, isOurs }) => isOurs && !source.includes('/port/bearssl/'))
      .map(({ path, source }) => [path, source]),
  );
  const map = readFileSync(build.map, 'utf8');
  return map
    .slice(map.indexOf('Linker script and memory map'))
    .replaceAll(/^( \.\S+)\n\s+(?=0x)/gm, '$1 ')
    .split('\n')
    .map((line) => piece.exec(line))
    .filter((match) => match !== null && own.has(match[4]!))
    .map((match) => {
      const start = Number.parseInt(match![2]!, 16);
      const end = start + Number.parseInt(match![3]!, 16);
      return { name: match![1]!.replace(/^\.(text\.)?/, ''), source: own.get(match![4]!)!, start, end };
    })
    .filter(({ start, end }) => end > start && start !== 0)
    .sort((a, b) => a.start - b.start);
}

/** Pairs of address and line. Sites of functions that the linker left out have the address 0. */
function sitesOf(build: AgentBuild, own: readonly CodeRange[]): Site[] {
  const section = sectionOf(readFileSync(build.elf), '.fs_sites');
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  return Array.from({ length: section.length >> 3 }, (_, i) => ({
    address: view.getUint32(8 * i, true) & ~1,
    line: view.getUint32(8 * i + 4, true),
  }))
    .flatMap((site) => {
      const range = own.find(({ start, end }) => site.address >= start && site.address < end);
      if (range === undefined) return [];
      const text = readFileSync(range.source, 'utf8').split('\n')[site.line - 1]?.trim() ?? '';
      return [{ ...site, function: range.name, text }];
    })
    .sort((a, b) => a.address - b.address);
}

/** Names of functions of ours that return fs_result or fs_answer, by their definitions. */
function verdictNames(build: AgentBuild): Set<string> {
  const names = new Set<string>();
  for (const { source, isOurs } of build.objects)
    if (isOurs && source.endsWith('.c'))
      for (const [, name] of readFileSync(source, 'utf8').matchAll(
        /^(?:static )?fs_(?:result|answer) (\w+)\(/gm,
      ))
        names.add(name!);
  return names;
}

const reader = (build: AgentBuild) => {
  const segments = flashSegments(readFileSync(build.elf));
  return (address: number, sizeBytes: 2 | 4): number => {
    const { address: start, bytes } = segments.find(
      (one) => address >= one.address && address + sizeBytes <= one.address + one.bytes.length,
    )!;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return sizeBytes === 2 ? view.getUint16(address - start, true) : view.getUint32(address - start, true);
  };
};

type Read = ReturnType<typeof reader>;

/** Where BL leads; undefined for another instruction. */
function callAt(read: Read, address: number): number | undefined {
  const [high, low] = [read(address, 2), read(address + 2, 2)];
  if (high >> 11 !== 0b11110 || (low & 0xd000) !== 0xd000) return undefined;
  const sign = (high >> 10) & 1;
  const [j1, j2] = [(low >> 13) & 1, (low >> 11) & 1];
  const offset =
    (sign ? 0xff00_0000 : 0) |
    ((j1 ^ sign ^ 1) << 23) |
    ((j2 ^ sign ^ 1) << 22) |
    ((high & 0x3ff) << 12) |
    ((low & 0x7ff) << 1);
  return (address + 4 + offset) >>> 0;
}

function returnsOfVerdicts(code: Pick<AgentCode, 'build' | 'own' | 'symbols'>, read: Read): Set<number> {
  const names = verdictNames(code.build);
  const starts = new Set(
    [...code.symbols].filter(([name]) => names.has(name)).map(([, { address }]) => address & ~1),
  );
  for (const { name, start } of code.own) if (names.has(name)) starts.add(start);
  const found = new Set<number>();
  for (const { start, end } of code.own)
    for (let at = start; at + 4 <= end; at += 2) {
      const target = callAt(read, at);
      if (target !== undefined && starts.has(target)) found.add(at + 4);
    }
  return found;
}

/** LDR by a register and a constant, narrow or wide. */
function loadAt(read: Read, at: number): { base: number; offset: number; to: number } | undefined {
  const opcode = read(at, 2);
  if (opcode >> 11 === 0b01101)
    return { base: (opcode >> 3) & 7, offset: 4 * ((opcode >> 6) & 31), to: opcode & 7 };
  if (opcode >> 4 !== 0xf8d) return undefined;
  const second = read(at + 2, 2);
  return { base: opcode & 15, offset: second & 0xfff, to: second >> 12 };
}

/** LDR of a literal, narrow or wide: the register and where the literal stands. */
function literalAt(read: Read, at: number): { to: number; place: number } | undefined {
  const opcode = read(at, 2);
  const base = (at + 4) & ~3;
  if (opcode >> 11 === 0b01001) return { to: (opcode >> 8) & 7, place: base + 4 * (opcode & 0xff) };
  if ((opcode & 0xff7f) !== 0xf85f) return undefined;
  const second = read(at + 2, 2);
  return { to: second >> 12, place: base + (second & 0xfff) * (opcode & 0x80 ? 1 : -1) };
}

/** `ldr rT, [rN, #i]` within a few instructions behind `ldr rN, =address`, with the sum in question. */
function loadsOfVerdicts(
  { own, symbols }: Pick<AgentCode, 'own' | 'symbols'>,
  read: Read,
): Map<number, number> {
  const words = new Set([
    symbols.get('fs_flow')!.address,
    symbols.get('fs_session')!.address,
    symbols.get('fs_now')!.address + 8,
  ]);
  const found = new Map<number, number>();
  for (const { start, end } of own) {
    const held = new Map<number, number>();
    for (let at = start; at + 2 <= end; at += 2) {
      const literal = literalAt(read, at);
      if (literal !== undefined) {
        if (literal.place >= start && literal.place + 4 <= end) held.set(literal.to, read(literal.place, 4));
        continue;
      }
      const load = loadAt(read, at);
      const base = load && held.get(load.base);
      if (load !== undefined && base !== undefined && words.has(base + load.offset)) found.set(at, load.to);
    }
  }
  return found;
}

/** What there is to attack in a build. Throws when map or sections are not as expected. */
export function agentCode(build: AgentBuild): AgentCode {
  const own = ownRanges(build);
  const symbols = symbolsOf(build.elf);
  const sites = sitesOf(build, own);
  const read = reader(build);
  const code = {
    ...{ build, own, symbols, sites, loadsOfVerdicts: loadsOfVerdicts({ own, symbols }, read) },
    returnsOfVerdicts: returnsOfVerdicts({ build, own, symbols }, read),
  };
  if (own.length < 50 || sites.length < 30 || code.returnsOfVerdicts.size < 100)
    throw new Error('map or sections are not as expected');
  return code;
}
