// What a chip is in the middle of: which firmware runs as which master, what it sees at 0 and in which order
// the banks lie, who halted it, its pins. None of it is kept without power; a snapshot holds all of it.

import type { FirmwareExecutor, InputPin } from '../firmware/executor.ts';
import type { BootPins } from '../silicon/boot-source.ts';
import type { LowMemory } from '../silicon/low-memory.ts';
import type { Master } from '../silicon/protection.ts';
import type { BootedApplication } from './options.ts';

type PinLevels = ReadonlyMap<InputPin | keyof BootPins, boolean>;

/** Copied into a snapshot field by field; the pins are copied as a map. */
interface LifeFields {
  executor: FirmwareExecutor | undefined;
  master: Master;
  banksSwapped: boolean;
  lowMemory: LowMemory;
  /** A debugger connected since power came: what level 1 shuts stays shut until power goes. */
  debuggerSeen: boolean;
  halted: boolean;
  /** A new one at each start of firmware; ports of former ones are dead. */
  present: object;
  bootedApplication: BootedApplication | undefined;
  flashWasEmpty: boolean;
}

export interface SavedLife extends Readonly<LifeFields> {
  readonly pins: PinLevels;
  readonly levels: ReadonlyMap<string, boolean>;
}

export class ChipLife implements LifeFields {
  executor: FirmwareExecutor | undefined;
  master: Master = 'cpu-flash';
  banksSwapped = false;
  lowMemory: LowMemory = 'flash';
  debuggerSeen = false;
  halted = false;
  present: object = {};
  bootedApplication: BootedApplication | undefined;
  flashWasEmpty = false;
  readonly pins = new Map<InputPin | keyof BootPins, boolean>();
  /** Driven from outside, by the name of the pin. */
  readonly levels = new Map<string, boolean>();

  losePower(): void {
    this.bootedApplication = undefined;
    this.debuggerSeen = false;
    this.halted = false;
  }

  save(): SavedLife {
    return { ...this, pins: new Map(this.pins), levels: new Map(this.levels) };
  }

  restore({ pins, levels, ...fields }: SavedLife): void {
    Object.assign(this, fields);
    this.levels.clear();
    for (const [pin, high] of levels) this.levels.set(pin, high);
    this.pins.clear();
    for (const [name, high] of pins) this.pins.set(name, high);
  }
}
