// What the machine is given by the chip that it belongs to.

import type { Chip, OptionValues } from '@firmseal/chips';
import type { EmptyCheck } from '../peripherals/flash-parts.ts';
import type { LowMemorySwitch } from '../peripherals/system-configuration.ts';
import type { HostWire } from '../peripherals/usart-pins.ts';
import type { SimulatedClock } from '../silicon/clock.ts';
import type { FlashMemory } from '../silicon/flash-memory.ts';
import type { LevelKeys } from '../silicon/level-keys.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';

export interface MachineParts {
  readonly chip: Chip;
  readonly clock: SimulatedClock;
  readonly flash: FlashMemory;
  readonly options: {
    readonly loaded: OptionValues;
    readonly stored: OptionValues;
    readonly levelKeys: LevelKeys;
  };
  readonly cpuMemory: MemoryAccess;
  readonly debugMemory: MemoryAccess;
  readonly banksSwapped: () => boolean;
  readonly swapBanks: (swapped: boolean) => void;
  readonly emptyCheck: EmptyCheck;
  readonly lowMemory: LowMemorySwitch;
  readonly randomWord: () => number;
  /** The supply. */
  readonly millivolts: () => number;
  /** Bytes out on the link. */
  readonly send: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Whether the agent is called by its pin; undefined while nothing drives it. */
  readonly agentRequest: () => boolean | undefined;
  /** Levels that are driven from outside, by pin. */
  readonly drivenLevels: () => ReadonlyMap<string, boolean>;
  /** The pins that the host is wired to; undefined: whatever USART listens hears it. */
  readonly wire: () => HostWire | undefined;
  readonly hostBaud: () => number | undefined;
  /** Of the board's oscillator; undefined when the board has no oscillator, or it does not start. */
  readonly crystalHz: () => number | undefined;
  /** By which value of SYNCSRC the chip's clock recovery means its second OTG. */
  readonly usbFrameSource: () => number;
  /** Bytes that the host sent while the firmware ran. */
  readonly more: () => Uint8Array | undefined;
  /** Throws when power has gone or a reset is due. */
  readonly gate: () => void;
  /** Runs machine code as the chip's firmware: what unwinds it is handled. */
  readonly enter: (run: () => void) => void;
  /** Does what a debugger asks; resets and loss of power on the way are handled, and give undefined. */
  readonly attempt: <T>(action: () => T) => T | undefined;
  /** Whether the debug port answers: power, and the readout level in force. */
  readonly debugAnswers: () => boolean;
  readonly debuggerConnected: () => void;
  readonly halted: (halted: boolean) => void;
  /**
   * The debugger lets go: starts firmware that waited for it. True when the chip's
   * firmware needs nothing more.
   */
  readonly letFirmwareGo: () => boolean;
}
