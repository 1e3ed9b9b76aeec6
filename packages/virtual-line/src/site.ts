// The trusted site of a virtual line: virtual chips, personalized over their debug ports as on any bench.

import { AgentClient } from '@firmseal/agent-client';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { DevicePublic } from '@firmseal/formats';
import { systemClock } from '@firmseal/link';
import { type ImagePart, personalizeChip } from '@firmseal/personalization';
import { openProbeProgrammer } from '@firmseal/programming';
import {
  agentImage,
  createVirtualChip,
  machineCode,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { openChipLink } from './chip-link.ts';
import type { LineConditions } from './conditions.ts';
import { inProcessProbe } from './in-process-probe.ts';
import { type VirtualOwner, virtualProduct } from './owner.ts';

export interface LineChip {
  readonly index: number;
  readonly chip: VirtualChip;
  readonly device: DevicePublic;
}

export function createBlankChip(chipId: string, seed: string): VirtualChip {
  return createVirtualChip({ chip: chipId, seed, executors: [wasmAgent(nodeCrypto)] });
}

/** The agent that a chip gets: its module in WebAssembly, or machine code as parts at flash addresses. */
export type VirtualAgent =
  | { readonly agentModule: Uint8Array }
  | { readonly machineCode: readonly ImagePart[] };

/**
 * A chip with agent, identity and its final protection, of whoever holds the root and the device CA.
 * `product`: that of the virtual line when left out.
 */
export async function personalizeVirtualChip(
  owner: Pick<VirtualOwner, 'chip' | 'rootPublicKey' | 'deviceCa'> & { readonly product?: string },
  conditions: LineConditions,
  { index, level, ...agent }: { index: number; level: 0 | 1 | 2 } & VirtualAgent,
): Promise<LineChip> {
  const seed = conditions.chipSeed(index);
  const isMachineCode = 'machineCode' in agent;
  const chip = isMachineCode
    ? createVirtualChip({ chip: owner.chip.id, seed, executors: [machineCode()] })
    : createBlankChip(owner.chip.id, seed);
  const { device } = await personalizeChip({
    crypto: nodeCrypto,
    chip: owner.chip,
    clock: systemClock,
    openProgrammer: () => openProbeProgrammer(owner.chip, inProcessProbe(chip)),
    openAgent: async () => {
      const stream = openChipLink(chip);
      return {
        agent: await AgentClient.connect({ stream, clock: systemClock }),
        close: () => stream.close(),
      };
    },
    agentImage: isMachineCode ? agent.machineCode : agentImage(agent.agentModule, owner.chip),
    rootPublicKey: owner.rootPublicKey,
    product: owner.product ?? virtualProduct,
    epoch: 0,
    level,
    deviceCa: owner.deviceCa,
    validFrom: new Date('2026-01-01T00:00:00Z'),
  });
  return { index, chip, device };
}
