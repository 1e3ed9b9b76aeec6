// The chip in the middle of an instruction stream, to come back to: the core's state, the agent's RAM, flash, and the hashes
// that the host computes for it. Peripherals are not kept: they are as they were when the run ended where the agent
// waits for the link, which is where its drivers leave them alone. The clock goes on.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { RunningHashes } from './quick-crypto.ts';

/** FLASH_SR and FLASH_CR of the STM32G0 (RM0444 3.7.4, 3.7.5): reading them changes nothing. */
const flashRegisters = [0x4002_2010, 0x4002_2014];

export interface Moment {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly registers: Uint32Array;
  readonly ram: Uint8Array;
  readonly flash: ReturnType<VirtualChip['judge']['takeFlash']>;
  readonly operations: number;
  readonly starts: number;
  /** FLASH_SR and FLASH_CR. */
  readonly controller: readonly number[];
  readonly hashes: ReturnType<RunningHashes['save']>;
}

export class Moments {
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

  take(): Moment {
    const { core } = this.#chip.machine.processor;
    const fields: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(core))
      if ((typeof value === 'number' || typeof value === 'boolean') && name !== 'cycles')
        fields[name] = value;
    return {
      ...{ fields, registers: core.registers.slice(), hashes: this.#hashes.save() },
      ram: this.#chip.judge.ram(this.#chip.chip.ram[0]!.addressStart, this.#ramBytes),
      ...{
        flash: this.#chip.judge.takeFlash(),
        operations: this.#chip.power.operations,
        starts: this.#starts,
      },
      controller: this.#controller(),
    };
  }

  #controller(): number[] {
    return flashRegisters.map((address) => this.#chip.machine.processor.core.readUint32(address));
  }

  /** False when the chip was reset, or the flash controller is in the middle of something else than it was. */
  goBack(moment: Moment): boolean {
    const { core } = this.#chip.machine.processor;
    const wrote = this.#chip.power.operations !== moment.operations;
    if (this.#starts !== moment.starts) return false;
    if (this.#controller().some((value, i) => value !== moment.controller[i])) return false;
    if (wrote) this.#chip.judge.putFlash(moment.flash);
    Object.assign(core, moment.fields);
    core.registers.set(moment.registers);
    this.#chip.judge.putRam(this.#chip.chip.ram[0]!.addressStart, moment.ram);
    this.#hashes.restore(moment.hashes);
    return true;
  }
}
