// The chip through its debug port: all that somebody with a probe can do, and what personalization uses on a
// blank part. At level 2 it does not answer; at level 1 the flash faults, for the CPU too until power is
// cycled, while RAM stays readable. Refusals are values: an attacker meets them all the time.

import type { OptionValues } from '@firmseal/chips';
import { PowerLost } from '../chip/signals.ts';
import type { FlashStatus, ReadFault } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { OptionStatus } from '../silicon/option-bytes.ts';

export type NoDebug = 'not-connected' | 'no-power';

/** Debug authentication of H5, as ST's tool drives it. Its wire protocol (ADAC) has no model. */
export interface DebugAuthenticationPort {
  /** What a discovery shows. */
  readonly discover: () => { readonly productState: string; readonly provisioned: boolean } | undefined;
  readonly storePassword: (password: Uint8Array) => 'ok' | 'refused';
  readonly authenticate: (password: Uint8Array) => 'opened' | 'wrong' | 'no-key' | 'refused';
}

export interface DebugHooks {
  readonly memory: MemoryAccess;
  readonly powered: () => boolean;
  /** Whether the port answers at the level in force. */
  readonly answers: () => boolean;
  readonly onConnect: () => void;
  readonly halt: (halted: boolean) => void;
  readonly reset: () => void;
  /** A word of memory or of a register over the chip's bus; undefined is a bus fault. */
  readonly readWord: (address: number) => number | undefined;
  /** A key of a readout level, given under reset. */
  readonly giveLevelKey: (key: Uint8Array) => 'opened' | 'wrong' | 'no-key';
  /** What the ROM takes at its access port of its own (H5): the port of the core may be shut. */
  readonly authentication: DebugAuthenticationPort;
  /** Power went while an operation of the port ran. */
  readonly powerLost: () => void;
}

export class DebugPort {
  readonly #hooks: DebugHooks;
  #connected = false;

  constructor(hooks: DebugHooks) {
    this.#hooks = hooks;
  }

  get connected(): boolean {
    return this.#connected && this.#hooks.powered() && this.#hooks.answers();
  }

  connect(): 'connected' | 'refused' | 'no-power' {
    if (!this.#hooks.powered()) return 'no-power';
    if (!this.#hooks.answers()) return 'refused';
    this.#connected = true;
    this.#hooks.onConnect();
    return 'connected';
  }

  /** For a snapshot: whether somebody is connected, answered or not. */
  get attached(): boolean {
    return this.#connected;
  }

  attach(attached: boolean): void {
    this.#connected = attached;
  }

  disconnect(): void {
    this.#connected = false;
  }

  #attempt<T>(action: (memory: MemoryAccess) => T): T | NoDebug {
    if (!this.#hooks.powered()) return 'no-power';
    if (!this.connected) return 'not-connected';
    try {
      return action(this.#hooks.memory);
    } catch (signal) {
      if (!(signal instanceof PowerLost)) throw signal;
      this.#hooks.powerLost();
      return 'no-power';
    }
  }

  /** Any address: flash, RAM, OTP, unique id. */
  readMemory(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault | NoDebug {
    return this.#attempt((memory) => memory.read(address, length));
  }

  /** 32 bits at any address of the bus, registers of peripherals among them. */
  readWord(address: number): number | 'bus-fault' | NoDebug {
    return this.#attempt(() => this.#hooks.readWord(address) ?? ('bus-fault' as const));
  }

  /** RAM. */
  writeMemory(address: number, bytes: Uint8Array): 'ok' | 'bus-fault' | NoDebug {
    return this.#attempt((memory) => memory.writeRam(address, bytes));
  }

  /** Whole write units of flash or OTP, by way of the flash controller's registers. */
  programFlash(address: number, bytes: Uint8Array): FlashStatus | NoDebug {
    return this.#attempt((memory) => memory.programUnits(address, bytes));
  }

  eraseUnit(address: number): FlashStatus | NoDebug {
    return this.#attempt((memory) => memory.eraseUnit(address));
  }

  massErase(): FlashStatus | NoDebug {
    return this.#attempt((memory) => memory.massErase());
  }

  readOption(register: number): number | undefined | NoDebug {
    return this.#attempt((memory) => memory.readOption(register));
  }

  /** Stores; takes force at the next reset or power cycle. From level 1 to 0 it erases the flash first. */
  writeOptionBytes(values: OptionValues): OptionStatus | NoDebug {
    return this.#attempt((memory) => memory.programOptions(values));
  }

  /**
   * Gives a key with which a readout level can be left (U5), under reset: the one thing that a port at level
   * 2 takes. The chip starts again afterwards.
   */
  giveLevelKey(key: Uint8Array): 'opened' | 'wrong' | 'no-key' | 'no-power' {
    if (!this.#hooks.powered()) return 'no-power';
    const given = this.#hooks.giveLevelKey(key);
    this.#hooks.reset();
    return given;
  }

  /** State and whether a password is there; undefined on a chip without debug authentication. */
  discoverAuthentication(): ReturnType<DebugAuthenticationPort['discover']> | 'no-power' {
    return this.#hooks.powered() ? this.#hooks.authentication.discover() : 'no-power';
  }

  /** Provisioning of a password, before the chip is closed. */
  storePassword(password: Uint8Array): 'ok' | 'refused' | 'no-power' {
    return this.#hooks.powered() ? this.#hooks.authentication.storePassword(password) : 'no-power';
  }

  /** The way back to open, which erases the chip; it starts again afterwards. */
  authenticate(password: Uint8Array): 'opened' | 'wrong' | 'no-key' | 'refused' | 'no-power' {
    if (!this.#hooks.powered()) return 'no-power';
    const given = this.#hooks.authentication.authenticate(password);
    this.#hooks.reset();
    return given;
  }

  /** Stops the CPU: what comes in on the link is lost meanwhile. */
  halt(): 'ok' | NoDebug {
    return this.#attempt(() => {
      this.#hooks.halt(true);
      return 'ok' as const;
    });
  }

  resume(): 'ok' | NoDebug {
    return this.#attempt(() => {
      this.#hooks.halt(false);
      return 'ok' as const;
    });
  }

  /** System reset; the connection stays when the port still answers afterwards. */
  reset(): 'ok' | NoDebug {
    return this.#attempt(() => {
      this.#hooks.reset();
      return 'ok' as const;
    });
  }
}
