// Offsets, sizes and words of the agent that the campaign needs: compiled with the flags and headers of the
// build that is attacked (agent-constants.c), so that no number of the C is written down here.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { elfSection } from '@firmseal/image';
import { compileOurs } from '../../device/agent/toolchain/compile.ts';
import type { Target } from '../../device/agent/toolchain/targets.ts';
import { thumbCompiler } from '../../device/agent/toolchain/thumb.ts';

const source = fileURLToPath(new URL('agent-constants.c', import.meta.url));

/** The names in agent-constants.c. */
const names = [
  ...(['stateMagic', 'stateBytes', 'stateSequenceAt', 'stateLifeCycleAt', 'stateCounterAt'] as const),
  ...(['stateProgressAt', 'stateFirmwareMacAt', 'stateFirmwareMacEnd', 'stateMacAt'] as const),
  ...(['journalGrainBytes', 'lifeInstalled', 'lifeTrial', 'lifeTrying', 'lifeReverted'] as const),
  ...(['sessionPhaseAt', 'sessionExpectedAt', 'sessionContentKeyAt', 'sessionContentKeyEnd'] as const),
  ...(['phasePackage', 'phaseRecords', 'phaseDone'] as const),
  ...(['packageHeaderMost', 'hashContextBytes', 'hmacOuterKeyAt', 'confirmRegister', 'confirmWord'] as const),
];

export type AgentConstants = Readonly<Record<(typeof names)[number], number>>;

/** Throws when a name is missing: C and TypeScript then list different ones. */
export function agentConstants({ cpu, includes }: Pick<Target, 'cpu' | 'includes'>): AgentConstants {
  const [object] = compileOurs(thumbCompiler(cpu), [source], includes, []);
  const contents = elfSection(readFileSync(object!.path), '.fs_constants');
  if (contents === undefined) throw new Error(`${object!.path} has no constants`);
  const section = Buffer.from(contents);
  const found = new Map<string, number>();
  // A word, the name and a zero, then zeros up to the next word.
  for (let at = 0; at + 4 < section.length; ) {
    const end = section.indexOf(0, at + 4);
    found.set(section.toString('latin1', at + 4, end), section.readUInt32LE(at));
    at = (end + 4) & ~3;
  }
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0 || found.size !== names.length)
    throw new Error(
      `agent-constants.c gives ${[...found.keys()].join(', ')}; missing: ${missing.join(', ')}`,
    );
  return Object.fromEntries(found) as AgentConstants;
}
