// The seam between the chip and what plays its firmware: the agent compiled to WebAssembly, native
// code, a machine-code core, or a few lines in a test. The chip picks an executor at each reset by
// what stands where it boots from.

import type { Chip, OptionValues, Parallelism } from '@firmseal/chips';
import type { Machine } from '../chip/machine.ts';
import type { ResetCause } from '../chip/signals.ts';
import type { UsbFunction } from '../doors/usb-function.ts';
import type { UsbWire } from '../peripherals/usb-wire.ts';
import type { BootSource } from '../silicon/boot-source.ts';
import type { FlashStatus, ReadFault } from '../silicon/flash-memory.ts';
import type { OptionStatus } from '../silicon/option-bytes.ts';
import type { RamStore } from '../silicon/working-memory.ts';

/** How the flash stands when the application runs: FB_MODE on F427. */
export type BankMapping = 'normal' | 'swapped';

/** Pins that firmware can read; the boot pins are read by the chip itself. */
export type InputPin = 'agent-request';

/**
 * What firmware can do. Any call may throw PowerLost or ChipReset (signals.ts): the executor lets
 * them pass, drops all state that real hardware would lose, and is not called again; the chip
 * makes a new one at the next start.
 */
export interface CpuPort {
  readonly chip: Chip;
  /** Unique id, 12 bytes; a copy. */
  readonly uid: Uint8Array<ArrayBuffer>;
  readonly resetCause: ResetCause;
  readonly boot: BootSource;
  /** Bytes of one program operation at the present parallelism. */
  readonly writeUnitBytes: number;
  /** Addresses as the CPU sees them: aliases and swapped banks apply. A copy. */
  readFlash(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault;
  /** Exactly one write unit. */
  programUnit(address: number, bytes: Uint8Array): FlashStatus;
  /** Whole write units, one operation each; ends at the first that is not `ok`. */
  programUnits(address: number, bytes: Uint8Array): FlashStatus;
  /**
   * PSIZE of the flash controller; the catalogue's default after each reset. RangeError
   * for a mode that is not there.
   */
  setParallelism(parallelism: Parallelism): void;
  /** The unit that holds the address. */
  eraseUnit(address: number): FlashStatus;
  /** Everything, or the bank of that number. */
  massErase(bank?: number): FlashStatus;
  /** Value in force; undefined for a register that the chip does not have. */
  readOption(register: number): number | undefined;
  /** Stores; takes force at the next reset. */
  programOptions(values: OptionValues): OptionStatus;
  /**
   * Whether the chip holds a key that takes its readout level back (catalogue: regression keys).
   */
  readonly levelKeySet: boolean;
  /** Loads stored option bytes by a reset. */
  launchOptions(): never;
  /** From the chip's random generator: seeded, for simulation only. */
  random(length: number): Uint8Array<ArrayBuffer>;
  pin(name: InputPin): boolean;
  /** Bytes out on the link. */
  send(bytes: Uint8Array): void;
  /**
   * Bits a second of the host's side of the link; undefined: the link has no rate, and every byte arrives.
   */
  readonly hostBaud: number | undefined;
  /** The executor's working memory stands in the chip's RAM from that address on. */
  mountRam(addressStart: number, store: RamStore): void;
  /** Reads what RAM held before the mount, so that content can outlive a reset. */
  readRam(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault;
  writeRam(address: number, bytes: Uint8Array): 'ok' | 'bus-fault';
  systemReset(): never;
  /** Jumps to the vector table at that address, in flash or RAM, and does not come back. */
  bootApplication(address: number, options: { readonly mapping: BankMapping }): never;
  /** As bootApplication, from the anchor to an agent, which is no application. */
  bootAgent(address: number): never;
  /** Simulated time, microseconds. */
  readonly nowUs: number;
  /** Bus, registers and processor, for firmware that is machine code; made when first asked for. */
  readonly machine: Machine;
}

export interface FirmwareExecutor {
  /** Runs from reset until the firmware waits for the link. */
  start(cpu: CpuPort): void;
  /** Bytes in from the link; runs until the firmware waits again. The array is the executor's to keep. */
  receive(bytes: Uint8Array<ArrayBuffer>): void;
  /** What the firmware shows on the USB connector now; undefined while it shows nothing. */
  readonly usb?: UsbFunction | undefined;
  /** Does something to the wire of the USB connector; absent where the firmware has no registers of it. */
  touchUsb?(action: (wire: UsbWire) => void): void;
  /** Power went or a reset came: nothing may be called on the port any more. */
  stop?(): void;
  /**
   * A snapshot comes back in which this executor waited for the link; its mounted RAM gets its content
   * afterwards. Makes good what a call that was unwound since then, or stop, left undone.
   */
  revive?(): void;
}

export interface ExecutorFactory {
  /**
   * Looks at what stands at `cpu.boot.address` (or at the application's, after a hand-over). Must not write.
   */
  recognizes(cpu: CpuPort): boolean;
  create(): FirmwareExecutor;
}
