// The trusted site of a virtual line: virtual chips, personalized over their debug ports as on any bench.

import { AgentClient } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import { systemClock } from '@firmseal/link';
import { type DebugProbe, personalizeChip } from '@firmseal/personalization';
import { agentImage, createVirtualChip, type VirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { openChipLink } from './chip-link.ts';
import type { LineConditions } from './conditions.ts';
import { type VirtualOwner, virtualProduct } from './owner.ts';

export interface LineChip {
  readonly index: number;
  readonly chip: VirtualChip;
  readonly device: DevicePublic;
}

/** The debug port of a chip in this process as a probe; what the chip refuses is a fault here. */
function inProcessProbe(chip: VirtualChip): DebugProbe {
  const expectOk = (operation: string, address: number, status: string): void => {
    if (status !== 'ok') {
      const fields = {
        probe: 'this process',
        operation,
        address: `0x${address.toString(16)}`,
        reason: status,
      };
      throw new Fault('probe-failed', fields);
    }
  };
  return {
    async connect() {
      chip.powerOn();
      if (chip.debug.connect() !== 'connected') throw new Fault('probe-refused', { probe: 'this process' });
    },
    async readMemory(address, lengthBytes): Promise<Bytes> {
      const bytes = chip.debug.readMemory(address, lengthBytes);
      if (typeof bytes === 'string') {
        expectOk('read', address, bytes);
        return new Uint8Array(0);
      }
      return bytes;
    },
    async eraseUnit(address) {
      expectOk('erase', address, chip.debug.eraseUnit(address));
    },
    async program(address, bytes) {
      expectOk('program', address, chip.debug.programFlash(address, bytes));
    },
    async release() {
      chip.debug.disconnect();
      chip.powerOff();
      chip.powerOn();
    },
  };
}

export function createBlankChip(chipId: string, seed: string): VirtualChip {
  return createVirtualChip({ chip: chipId, seed, executors: [wasmAgent(nodeCrypto)] });
}

/** A chip with agent, identity and its final protection, of whoever holds the root and the device CA. */
export async function personalizeVirtualChip(
  owner: Pick<VirtualOwner, 'chip' | 'rootPublicKey' | 'deviceCa'>,
  conditions: LineConditions,
  { index, level, agentModule }: { index: number; level: 0 | 1 | 2; agentModule: Uint8Array },
): Promise<LineChip> {
  const chip = createBlankChip(owner.chip.id, conditions.chipSeed(index));
  const { device } = await personalizeChip({
    crypto: nodeCrypto,
    chip: owner.chip,
    probe: inProcessProbe(chip),
    openAgent: async () => {
      const stream = openChipLink(chip);
      return {
        agent: await AgentClient.connect({ stream, clock: systemClock }),
        close: () => stream.close(),
      };
    },
    agentImage: agentImage(agentModule, owner.chip),
    rootPublicKey: owner.rootPublicKey,
    product: virtualProduct,
    epoch: 0,
    level,
    deviceCa: owner.deviceCa,
    now: new Date(),
  });
  return { index, chip, device };
}
