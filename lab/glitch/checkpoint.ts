// A short way back to where the agent waits for a frame: the processor's state and RAM. It holds as
// long as flash was not written and the chip was not reset since. Peripherals need no way back: an
// agent that waits has set them up again.

import type { VirtualChip } from '@firmseal/virtual-stm32';

export class Checkpoint {
  readonly #chip: VirtualChip;
  readonly #fields = new Map<string, unknown>();
  readonly #registers: Uint32Array;
  readonly #ram: Uint32Array;
  readonly #operations: number;

  /** Of RAM the first bytes are kept: all that the agent has. */
  constructor(chip: VirtualChip, ramBytes: number) {
    this.#chip = chip;
    this.#operations = chip.power.operations;
    const { core } = chip.machine.processor;
    for (const [name, value] of Object.entries(core))
      if (typeof value === 'number' || typeof value === 'boolean') this.#fields.set(name, value);
    this.#registers = core.registers.slice();
    const bytes = chip.judge.ram(chip.chip.ram[0]!.addressStart, Math.ceil(ramBytes / 4) * 4);
    this.#ram = new Uint32Array(bytes.slice().buffer);
  }

  /** False when only a reset and all requests lead back. */
  restore(): boolean {
    const { processor } = this.#chip.machine;
    const { core } = processor;
    if (
      this.#operations !== this.#chip.power.operations ||
      !this.#chip.running ||
      processor.lockedUp ||
      core.IPSR !== 0
    )
      return false;
    // The cycle counter belongs to the clock, which goes on.
    const { cycles } = core;
    Object.assign(core, Object.fromEntries(this.#fields), { cycles });
    core.registers.set(this.#registers);
    const start = this.#chip.chip.ram[0]!.addressStart;
    for (const [index, word] of this.#ram.entries()) core.writeUint32(start + 4 * index, word);
    processor.wake();
    return true;
  }
}
