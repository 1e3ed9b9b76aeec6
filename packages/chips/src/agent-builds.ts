// Which builds of the agent there are for each chip: machine code, which ships, and WebAssembly, which
// virtual chips play. A test holds the list to the ports and modules of device/agent.

import { Fault } from '@firmseal/fault';
import type { Chip } from './chip.ts';

export type AgentBuild = 'machine-code' | 'webassembly';

/**
 * Version of the agent that is built here, as its hellos say it, and the counter of its image: a chip
 * replaces its agent by one of a higher counter. A test holds it to device/agent/core/fs_version.h.
 */
export const agentVersion = 1;

const builds: Readonly<Record<string, readonly AgentBuild[]>> = {
  stm32f427: ['machine-code', 'webassembly'],
  stm32h743: ['machine-code', 'webassembly'],
  stm32g0b1: ['machine-code', 'webassembly'],
  stm32u575: ['machine-code', 'webassembly'],
  stm32f405: ['machine-code', 'webassembly'],
  stm32l476: ['machine-code', 'webassembly'],
};

/** Empty for a chip that has no agent: packages cannot be installed on it. */
export function agentBuilds({ id }: Chip): readonly AgentBuild[] {
  return builds[id] ?? [];
}

/** Throws `chip-without-agent`. For every command that would end at a chip which cannot install packages. */
export function requireAgent(chip: Chip): void {
  if (agentBuilds(chip).length === 0) throw new Fault('chip-without-agent', { chip: chip.id });
}
