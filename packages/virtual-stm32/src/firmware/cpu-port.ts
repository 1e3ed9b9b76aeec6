// The CPU's side of the chip as executors get it: MemoryAccess behind a gate that unwinds the firmware
// when power has gone or a reset is due.

import type { Chip, OptionValues, Parallelism } from '@firmseal/chips';
import type { Machine } from '../chip/machine.ts';
import { ChipReset, HandedOver, type ResetCause } from '../chip/signals.ts';
import type { BootSource } from '../silicon/boot-source.ts';
import type { SimulatedClock } from '../silicon/clock.ts';
import type { FlashMemory, FlashStatus, ReadFault } from '../silicon/flash-memory.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { OptionStatus } from '../silicon/option-bytes.ts';
import type { SeededRandom } from '../silicon/random.ts';
import type { RamStore, WorkingMemory } from '../silicon/working-memory.ts';
import type { BankMapping, CpuPort, InputPin } from './executor.ts';

/** Where the firmware jumps to and does not come back from. */
export interface HandOver {
  readonly address: number;
  readonly mapping: BankMapping;
  /** The anchor jumps to the agent: no application runs yet. */
  readonly isAgent: boolean;
}

export interface CpuParts {
  readonly chip: Chip;
  readonly clock: SimulatedClock;
  readonly memory: MemoryAccess;
  readonly flash: FlashMemory;
  readonly ram: WorkingMemory;
  readonly random: SeededRandom;
  readonly uid: Uint8Array<ArrayBuffer>;
  readonly resetCause: ResetCause;
  readonly boot: BootSource;
  readonly levelKeySet: () => boolean;
  /** Throws when this start of the chip is over. */
  readonly gate: () => void;
  readonly pin: (name: InputPin) => boolean;
  readonly send: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly hostBaud: () => number | undefined;
  readonly machine: () => Machine;
  readonly handOver: (to: HandOver) => void;
}

export function createCpuPort(parts: CpuParts): CpuPort {
  const { chip, memory, flash, ram, random, gate, clock } = parts;
  return {
    chip,
    resetCause: parts.resetCause,
    boot: parts.boot,
    get levelKeySet() {
      return parts.levelKeySet();
    },
    get uid() {
      return parts.uid.slice();
    },
    get writeUnitBytes() {
      return flash.unitBytes;
    },
    get nowUs() {
      return clock.nowUs;
    },
    get hostBaud() {
      return parts.hostBaud();
    },
    get machine() {
      gate();
      return parts.machine();
    },
    readFlash(address: number, length: number): Uint8Array<ArrayBuffer> | ReadFault {
      gate();
      return ram.rangeAt(address) === undefined ? memory.read(address, length) : 'bus-fault';
    },
    programUnit(address: number, bytes: Uint8Array): FlashStatus {
      gate();
      return memory.programUnit(address, bytes);
    },
    programUnits(address: number, bytes: Uint8Array): FlashStatus {
      gate();
      return memory.programUnits(address, bytes);
    },
    setParallelism(parallelism: Parallelism): void {
      gate();
      flash.setParallelism(parallelism);
    },
    eraseUnit(address: number): FlashStatus {
      gate();
      return memory.eraseUnit(address);
    },
    massErase(bank?: number): FlashStatus {
      gate();
      return memory.massErase(bank);
    },
    readOption(register: number): number | undefined {
      gate();
      return memory.readOption(register);
    },
    programOptions(values: OptionValues): OptionStatus {
      gate();
      return memory.programOptions(values);
    },
    launchOptions(): never {
      gate();
      throw new ChipReset('option-launch');
    },
    random(length: number) {
      gate();
      return random.bytes(length);
    },
    pin(name: InputPin) {
      gate();
      return parts.pin(name);
    },
    send(bytes: Uint8Array): void {
      gate();
      parts.send(new Uint8Array(bytes));
    },
    mountRam(addressStart: number, store: RamStore): void {
      gate();
      ram.mount(addressStart, store);
    },
    readRam(address: number, length: number) {
      gate();
      return ram.rangeAt(address) === undefined ? 'bus-fault' : memory.read(address, length);
    },
    writeRam(address: number, bytes: Uint8Array) {
      gate();
      return memory.writeRam(address, bytes);
    },
    systemReset(): never {
      gate();
      throw new ChipReset('software');
    },
    bootApplication(address: number, { mapping }: { readonly mapping: BankMapping }): never {
      gate();
      parts.handOver({ address, mapping, isAgent: false });
      throw new HandedOver();
    },
    bootAgent(address: number): never {
      gate();
      parts.handOver({ address, mapping: 'normal', isAgent: true });
      throw new HandedOver();
    },
  };
}
