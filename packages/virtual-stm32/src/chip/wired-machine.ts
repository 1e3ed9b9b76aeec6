// The machine of a chip (bus, peripherals, core, debug port), wired to the chip's memory and to its life.

import type { Chip } from '@firmseal/chips';
import type { SimulatedClock } from '../silicon/clock.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import { debugPortAnswers } from '../silicon/protection.ts';
import type { ChipLife } from './life.ts';
import { Machine } from './machine.ts';
import type { ChipParts } from './parts.ts';

export interface MachineWiring {
  readonly chip: Chip;
  readonly clock: SimulatedClock;
  readonly parts: ChipParts;
  readonly life: ChipLife;
  /** As the CPU reaches memory, and as a debugger does. */
  readonly access: { readonly cpu: MemoryAccess; readonly debug: MemoryAccess };
  /** What only the chip itself can do; Machine says when it asks for it. */
  readonly actions: Pick<
    ConstructorParameters<typeof Machine>[0],
    | ('send' | 'more' | 'wire' | 'hostBaud' | 'crystalHz' | 'usbFrameSource')
    | ('gate' | 'enter' | 'attempt' | 'debuggerConnected' | 'letFirmwareGo')
  >;
}

export function createMachine({ chip, clock, parts, life, access, actions }: MachineWiring): Machine {
  const { power, memory, randomGenerator } = parts;
  const { flash, options } = memory;
  return new Machine({
    ...{ chip, clock, flash, options, ...actions },
    ...{ cpuMemory: access.cpu, debugMemory: access.debug, banksSwapped: () => life.banksSwapped },
    swapBanks: (swapped) => {
      life.banksSwapped = swapped;
    },
    emptyCheck: {
      found: () => life.flashWasEmpty,
      set: (empty) => {
        life.flashWasEmpty = empty;
      },
    },
    lowMemory: {
      chosen: () => life.lowMemory,
      choose: (chosen) => {
        life.lowMemory = chosen;
      },
    },
    randomWord: () => randomGenerator.word(),
    millivolts: () => power.rail.millivolts,
    agentRequest: () => life.pins.get('agent-request'),
    drivenLevels: () => life.levels,
    debugAnswers: () => power.on && debugPortAnswers(options.access),
    halted: (halted) => {
      life.halted = halted;
    },
  });
}
