// Which instructions are the agent's own: the code of its objects by the linker's map, without BearSSL and the port to it,
// and without libgcc. Functions have sections of their own, so that the map names static ones too.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { type AgentBuild, buildAgent, symbolsOf } from '../../device/agent/toolchain/thumb.ts';

interface CodeRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface AgentCode {
  readonly build: AgentBuild;
  /** By address. */
  readonly own: readonly CodeRange[];
  readonly symbols: ReturnType<typeof symbolsOf>;
  /** Functions of the sources with FS_DECIDE or FS_DEMAND; those that the compiler inlined have no range. */
  readonly deciding: readonly string[];
}

const piece = /^ (\.text\.\S+|\.startup|\.text)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*?)\s*$/;

function ownRanges(build: AgentBuild): CodeRange[] {
  const own = new Set(
    build.objects
      .filter(({ source, isOurs }) => isOurs && !source.includes('/port/bearssl/'))
      .map(({ path }) => path),
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
      return { name: match![1]!.replace(/^\.(text\.)?/, ''), start, end };
    })
    .filter(({ start, end }) => end > start && start !== 0)
    .sort((a, b) => a.start - b.start);
}

/** Names of functions of core/ whose bodies hold a decision. In these sources a body begins at `{` and ends at `}` in column 1. */
function decidingFunctions(): string[] {
  const folder = fileURLToPath(new URL('../../device/agent/core/', import.meta.url));
  const names: string[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.c'))) {
    const source = readFileSync(folder + file, 'utf8');
    for (const [, name, body] of source.matchAll(/^\w[^\n;=]*?(\w+)\([^;{}]*\) \{\n(.*?)^\}/gms))
      if (/\bFS_(DECIDE|DECIDE_AS|DEMAND)\(/.test(body!)) names.push(name!);
  }
  return names;
}

/** The ARMv6-M build for a chip. Throws when the map holds no code of the agent's. */
export function agentCode(chipId: string): AgentCode {
  const build = buildAgent(targetOf(chipId, 'armv6m'));
  const own = ownRanges(build);
  const deciding = decidingFunctions();
  if (own.length < 50 || deciding.length < 15) throw new Error('map or sources are not as expected');
  return { build, own, symbols: symbolsOf(build.elf), deciding };
}
