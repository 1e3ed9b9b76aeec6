// Which instructions are the agent's own: the code of its objects by the linker's map, without BearSSL and
// the port to it, and without libgcc. Functions have sections of their own, so the map names static ones too.
// And where in it decisions are made: the section .fs_sites of the ELF, the returns of functions that give a
// verdict, the loads of words that are a verdict.

import { readFileSync } from 'node:fs';
import { elfSection } from '@firmseal/image';
import { type AgentBuild, symbolsOf } from '../../device/agent/toolchain/thumb.ts';
import { type AgentConstants, agentConstants } from './agent-constants.ts';
import { calledBy, type Disassembly, disassemble, literalBy, loadBy } from './disassembly.ts';

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
  readonly constants: AgentConstants;
  readonly sites: readonly Site[];
  /**
   * Addresses after a call of a function that returns a result or an answer: the
   * agent's or its cryptography's.
   */
  readonly returnsOfVerdicts: ReadonlySet<number>;
  /** Loads of the flow word, the session's phase or the life cycle, and the register that each fills. */
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
  const section = elfSection(readFileSync(build.elf), '.fs_sites');
  if (section === undefined) throw new Error(`${build.elf} has no list of sites`);
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

/** Names of functions of ours that return fs_result or fs_answer, as the compiler lists them. */
function verdictNames({ objects }: AgentBuild): Set<string> {
  const definition = /^\/\* \S+:\d+:NF \*\/ (?:static|extern) fs_(?:result|answer) (\w+) \(/gm;
  const lists = objects.filter(({ declarations }) => declarations !== '');
  return new Set(
    lists
      .filter(({ isOurs }) => isOurs)
      .flatMap(({ declarations }) => [...readFileSync(declarations, 'utf8').matchAll(definition)])
      .map(([, name]) => name!),
  );
}

type Parts = Pick<AgentCode, 'build' | 'own' | 'symbols' | 'constants'>;

function returnsOfVerdicts({ build, own, symbols }: Parts, { instructions }: Disassembly): Set<number> {
  const names = verdictNames(build);
  const starts = new Set(
    [...symbols].filter(([name]) => names.has(name)).map(([, { address }]) => address & ~1),
  );
  for (const { name, start } of own) if (names.has(name)) starts.add(start);
  const isOwn = (address: number) => own.some(({ start, end }) => address >= start && address < end);
  return new Set(
    instructions
      .filter((one) => starts.has(calledBy(one) ?? -1) && isOwn(one.address))
      .map(({ next }) => next),
  );
}

/** `ldr rT, [rN, #i]` after `ldr rN, =address` in the same function, where the sum is the word's address. */
function loadsOfVerdicts(
  { own, symbols, constants }: Parts,
  { instructions, words: literals }: Disassembly,
): Map<number, number> {
  // The anchor has neither session nor journal.
  const words = [
    { name: 'fs_flow', offset: 0 },
    { name: 'fs_session', offset: constants.sessionPhaseAt },
    { name: 'fs_now', offset: constants.stateLifeCycleAt },
  ].filter(({ name }) => symbols.has(name));
  const verdicts = new Set(words.map(({ name, offset }) => symbols.get(name)!.address + offset));
  const found = new Map<number, number>();
  for (const { start, end } of own) {
    const held = new Map<number, number>();
    for (const one of instructions.filter(({ address }) => address >= start && address < end)) {
      const literal = literalBy(one);
      const word = literal && literals.get(literal.place);
      if (literal !== undefined && word !== undefined) held.set(literal.to, word);
      const load = loadBy(one);
      const base = load && held.get(load.base);
      if (load !== undefined && base !== undefined && verdicts.has(base + load.offset))
        found.set(one.address, load.to);
    }
  }
  return found;
}

const agentLeast = { returns: 100, loads: 10 };
const anchorLeast = { returns: 50, loads: 3 };

/** What there is to attack in a build. Throws when map, sections or disassembly are not as expected. */
export function agentCode(build: AgentBuild): AgentCode {
  const own = ownRanges(build);
  const symbols = symbolsOf(build.elf);
  const parts = { build, own, symbols, constants: agentConstants(build.target) };
  const disassembly = disassemble(build.elf);
  const code = {
    ...parts,
    sites: sitesOf(build, own),
    returnsOfVerdicts: returnsOfVerdicts(parts, disassembly),
    loadsOfVerdicts: loadsOfVerdicts(parts, disassembly),
  };
  const { sites, returnsOfVerdicts: returns, loadsOfVerdicts: loads } = code;
  const least = build.target.kind === 'anchor' ? anchorLeast : agentLeast;
  if (own.length < 50 || sites.length < 30 || returns.size < least.returns || loads.size < least.loads)
    throw new Error('map, sections or disassembly are not as expected');
  return code;
}
