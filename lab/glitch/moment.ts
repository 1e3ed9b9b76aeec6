// The chip in the middle of an instruction stream, to come back to: the core's state, the agent's RAM, flash, and the hashes
// that the host computes for it. Of peripherals only the flash controller is put back: the others are as they were when the
// run ended where the agent waits for the link, which is where its drivers leave them alone. The clock goes on.

import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';
import { type FlashController, factsOf } from './chips.ts';
import type { RunningHashes } from './quick-crypto.ts';

const flashKeys = [0x4567_0123, 0xcdef_89ab] as const;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * From behind a store (STR, immediate) to behind the next one of the same register by the same base, so many bytes further;
 * the whole function where there are no such.
 */
function betweenStores({ start, end }: Range, read: (address: number) => number, bytes: number): Range {
  for (let first = start; first < end; first += 2)
    if (read(first) >> 11 === 0b01100)
      for (let at = first + 2; at < end; at += 2)
        if (read(at) === read(first) + (bytes << 4)) return { start: first + 2, end: at + 2 };
  return { start, end };
}

export interface Moment {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly registers: Uint32Array;
  readonly ram: Uint8Array;
  readonly flash: ReturnType<VirtualChip['judge']['takeFlash']>;
  readonly operations: number;
  readonly starts: number;
  readonly options: string;
  /** Status and control of each flash controller: reading them changes nothing. */
  readonly controllers: readonly (readonly number[])[];
  readonly hashes: ReturnType<RunningHashes['save']>;
}

export class Moments {
  readonly #chip: VirtualChip;
  readonly #ramBytes: number;
  readonly #hashes: RunningHashes;
  readonly #facts: ReturnType<typeof factsOf>;
  readonly #betweenKeys: Range;
  readonly #program: Range;
  readonly #betweenWords: Range;
  #starts = 0;

  /** Of RAM the first bytes are kept: all that the agent has. `code`: what writes the keys of the flash controller. */
  constructor(
    chip: VirtualChip,
    ramBytes: number,
    { hashes, code }: { readonly hashes: RunningHashes; readonly code: Pick<AgentCode, 'own'> },
  ) {
    const read = (address: number) => chip.machine.processor.core.readUint16(address);
    const range = (name: string) => {
      const found = code.own.find((one) => one.name === name);
      if (found === undefined) throw new Error(`the agent has no ${name} of its own`);
      return found;
    };
    this.#facts = factsOf(chip.chip.id);
    this.#betweenKeys = betweenStores(range('unlock'), read, 0);
    this.#program = range('fs_port_flash_program');
    this.#betweenWords = betweenStores(this.#program, read, 4);
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
      options: this.#options(),
      controllers: this.#facts.controllers.map((one) => this.#standing(one)),
    };
  }

  #options(): string {
    return [...this.#chip.judge.optionsStored].join();
  }

  #standing({ status, control }: FlashController): number[] {
    const { core } = this.#chip.machine.processor;
    return [status, control].map((address) => core.readUint32(address) >>> 0);
  }

  /**
   * Writes a flash controller back into the state of the moment, as firmware would; false where that does not do. What no
   * register shows: a word that is half given, one of two keys that was written, a lock that stays shut until a reset.
   */
  #putController(flash: FlashController, [status, control]: readonly number[], at: number): boolean {
    const { core } = this.#chip.machine.processor;
    const within = ({ start, end }: Range) => at >= start && at < end;
    if (within(this.#betweenKeys) || core.readUint32(flash.status) & flash.busy) return false;
    // What is called between the two halves of a word is called from elsewhere, too.
    if (this.#facts.hidesHalfWords && control! & flash.programs)
      if (within(this.#betweenWords) || !within(this.#program)) return false;
    core.writeUint32(flash.clear, core.readUint32(flash.status));
    if (core.readUint32(flash.control) & flash.locked)
      for (const key of flashKeys) core.writeUint32(flash.keys, key);
    if (core.readUint32(flash.control) & flash.locked) return false;
    core.writeUint32(flash.control, (control! & ~flash.programs) >>> 0); // forgets half a word
    core.writeUint32(flash.control, control!);
    return this.#standing(flash).every((value, i) => value === [status, control][i]);
  }

  /** False when the chip was reset, option bytes were written, or the flash controller is in the middle of something else than it was. */
  goBack(moment: Moment): boolean {
    const { core } = this.#chip.machine.processor;
    const wrote = this.#chip.power.operations !== moment.operations;
    if (this.#starts !== moment.starts) return false;
    if (wrote && this.#options() !== moment.options) return false;
    const at = (moment.registers[15]! & ~1) >>> 0;
    const { controllers } = this.#facts;
    if (!controllers.every((flash, i) => this.#putController(flash, moment.controllers[i]!, at)))
      return false;
    if (wrote) this.#chip.judge.putFlash(moment.flash);
    Object.assign(core, moment.fields);
    core.registers.set(moment.registers);
    this.#chip.judge.putRam(this.#chip.chip.ram[0]!.addressStart, moment.ram);
    this.#hashes.restore(moment.hashes);
    return true;
  }
}
