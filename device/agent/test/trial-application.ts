// Two applications for a chip, linked for places that share no erase unit, and an executor that
// plays them: it starts, and where it is told to, leaves the confirmation of a trial, or the request
// for the agent, before it resets.

import { agentVectors, type Chip, eraseUnitAt, findChip } from '@firmseal/chips';
import type { SealArea, SealInputs } from '@firmseal/seal';
import {
  agentRequest,
  type CpuPort,
  type ExecutorFactory,
  type FirmwareExecutor,
  trialConfirmation,
} from '@firmseal/virtual-stm32';
import { firmware, makePackage, type PackageChange, type TestPackage } from './trusted-site.ts';

export type Manner = 'silent' | 'confirms' | 'confirms-in-flash';

/** Where an application of `applicationPackage` confirms itself for good (spec/agent.md section 6). */
export function confirmPlace(chip: Chip, address: number): number {
  const unit = eraseUnitAt(chip, address + sizeBytes - 1)!;
  return unit.addressStart + unit.sizeBytes - 32;
}

export const flashConfirmation = new Uint8Array(new Uint32Array(8).fill(0x66734301).buffer);

/** Played from the moment of the hand-over. */
export class ApplicationPlayer implements ExecutorFactory {
  manner: Manner = 'silent';
  /** Vector tables of the applications that started, oldest first, as the processor sees them. */
  readonly started: number[] = [];

  recognizes({ boot, chip }: CpuPort): boolean {
    const ours = [chip.layout.anchor.addressStart, agentVectors(chip)];
    return boot.from === 'flash' && (boot.banksSwapped || !ours.includes(boot.address));
  }

  create(): FirmwareExecutor {
    let cpu: CpuPort | undefined;
    const leave = (word: Uint8Array) =>
      cpu!.writeRam(cpu!.chip.ram[0]!.addressStart + agentRequest.offset, word);
    return {
      start: (port) => {
        cpu = port;
        this.started.push(port.boot.address);
        if (this.manner === 'confirms') leave(trialConfirmation);
        if (this.manner === 'confirms-in-flash') {
          const place = confirmPlace(cpu.chip, port.boot.address);
          if (cpu.programUnits(place, flashConfirmation) !== 'ok') throw new Error('not confirmed');
        }
      },
      // Any byte: the application asks for the agent.
      receive: () => {
        leave(agentRequest.bytes);
        cpu!.systemReset();
      },
    };
  }
}

/** Where two applications can stand, by the erase unit that the first one begins in. */
export function twoPlaces(chip: Chip): readonly [number, number] {
  const { storeStart } = chip.layout.slots[0]!;
  const next = eraseUnitAt(chip, storeStart)!;
  return [storeStart, next.addressStart + next.sizeBytes];
}

const sizeBytes = 1184;

function applicationAt(address: number, seed: number): readonly SealArea[] {
  const area = { kind: 'firmware', address, lengthBytes: sizeBytes } as const;
  return [{ area, plaintext: firmware(address, sizeBytes, seed) }];
}

export function applicationPackage(
  chipId: string,
  address: number,
  core: Partial<SealInputs['core']>,
  change: Omit<PackageChange, 'core' | 'areas'> = {},
): Promise<TestPackage> {
  const areas = applicationAt(address, core.securityCounter ?? 0);
  const described = { entry: address, chips: [findChip(chipId).id], ...core };
  return makePackage(chipId, { ...change, core: described, areas });
}
