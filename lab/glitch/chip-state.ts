// The state of a chip between two instructions, to come back to: the core's state, the agent's RAM,
// flash, the flash controller, DMA, and the hashes that the host computes for the agent. Other
// peripherals are left as they are when a run ends where the agent waits for the link: its drivers
// leave them alone there. The clock goes on.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { RunningHashes } from './host-crypto.ts';

export interface ChipState {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly registers: Uint32Array;
  readonly ram: Uint8Array;
  readonly flash: ReturnType<VirtualChip['judge']['takeFlash']>;
  readonly operations: number;
  readonly starts: number;
  readonly options: string;
  /** Undefined while an operation of flash runs: nothing leads back to there. */
  readonly putController: (() => void) | undefined;
  readonly putTransfers: () => void;
  readonly hashes: ReturnType<RunningHashes['save']>;
}

export class ChipStates {
  readonly #chip: VirtualChip;
  readonly #ramBytes: number;
  readonly #hashes: RunningHashes;
  #starts = 0;

  /** Of RAM the first bytes are kept: all that the agent has. */
  constructor(chip: VirtualChip, ramBytes: number, hashes: RunningHashes) {
    this.#chip = chip;
    this.#ramBytes = ramBytes;
    this.#hashes = hashes;
    chip.onEvent = ({ kind }) => {
      if (kind === 'started') this.#starts++;
    };
  }

  take(): ChipState {
    const { judge, machine, power, chip } = this.#chip;
    const { core } = machine.processor;
    const fields: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(core))
      if ((typeof value === 'number' || typeof value === 'boolean') && name !== 'cycles')
        fields[name] = value;
    return {
      ...{ fields, registers: core.registers.slice(), hashes: this.#hashes.save() },
      ram: judge.ram(chip.ram[0]!.addressStart, this.#ramBytes),
      ...{ flash: judge.takeFlash(), putController: machine.keepFlashController() },
      putTransfers: machine.keepTransfers(),
      ...{ operations: power.operations, starts: this.#starts, options: this.#options() },
    };
  }

  #options(): string {
    return [...this.#chip.judge.optionsStored].join();
  }

  /** False when the chip was reset, option bytes were written, or flash is at work, then or now. */
  goBack({ fields, registers, ram, flash, putController, ...state }: ChipState): boolean {
    const { judge, machine, power, chip } = this.#chip;
    const { core } = machine.processor;
    const wrote = power.operations !== state.operations;
    if (this.#starts !== state.starts || (wrote && this.#options() !== state.options)) return false;
    if (putController === undefined || machine.keepFlashController() === undefined) return false;
    putController();
    state.putTransfers();
    if (wrote) judge.putFlash(flash);
    Object.assign(core, fields);
    core.registers.set(registers);
    judge.putRam(chip.ram[0]!.addressStart, ram);
    this.#hashes.restore(state.hashes);
    return true;
  }
}
