// The imports of the agent's module that are the chip: flash, option bytes, reset, hand-over,
// link. Signatures and meanings: device/agent/core/fs_port.h and device/agent/port/wasm/port.c.
// Calls that do not return throw.

import type { ApplicationSlot } from '@firmseal/chips';
import { fsNo, fsOk, fsYes } from './agent-words.ts';
import type { CpuPort } from './executor.ts';

/** The module's memory, asked for at each use. */
export type AgentMemory = () => Uint8Array;

const failed = 1;

const statusOf = (status: string): number => (status === 'ok' ? fsOk : failed);

/**
 * The slot that the application was linked for: of those that hold its entry, the one
 * that holds its reset handler.
 */
function slotOf(cpu: CpuPort, entry: number): ApplicationSlot | undefined {
  const slots = cpu.chip.layout.slots.filter(
    ({ storeStart, length }) => entry >= storeStart && entry < storeStart + length,
  );
  const vectors = cpu.readFlash(entry, 8);
  if (typeof vectors === 'string') return undefined;
  const reset = new DataView(vectors.buffer).getUint32(4, true);
  return slots.find(({ linkStart, length }) => reset >= linkStart && reset < linkStart + length) ?? slots[0];
}

function bootApplication(cpu: CpuPort, entry: number): void {
  const slot = slotOf(cpu, entry);
  if (slot?.handover === 'swap-banks')
    cpu.bootApplication(entry - slot.storeStart + slot.linkStart, { mapping: 'swapped' });
  cpu.bootApplication(entry, { mapping: 'normal' });
}

/** What the application and the pin say at a reset. */
export interface AgentWord {
  /** The entry pin is active, or the application asked for the agent. */
  readonly requested: boolean;
  /** The application on trial confirmed itself. */
  readonly confirmed: boolean;
  /** The application asked for a receipt. */
  readonly receipt: boolean;
}

export function portImports(cpu: CpuPort, memory: AgentMemory, word: AgentWord) {
  const words = () => {
    const bytes = memory();
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  };
  return {
    flash_read(address: number, pointer: number, length: number): number {
      const bytes = cpu.readFlash(address >>> 0, length);
      if (typeof bytes === 'string') return failed;
      memory().set(bytes, pointer);
      return fsOk;
    },
    flash_program: (address: number, pointer: number, length: number): number =>
      statusOf(cpu.programUnits(address >>> 0, memory().slice(pointer, pointer + length))),
    flash_erase: (address: number): number => statusOf(cpu.eraseUnit(address >>> 0)),
    option_read(register: number, pointer: number): number {
      const value = cpu.readOption(register);
      if (value === undefined) return failed;
      words().setUint32(pointer, value, true);
      return fsOk;
    },
    option_program(registers: number, values: number, count: number): number {
      const wanted = new Map<number, number>();
      for (let i = 0; i < count; i++)
        wanted.set(words().getUint32(registers + 4 * i, true), words().getUint32(values + 4 * i, true));
      return statusOf(cpu.programOptions(wanted));
    },
    level_key: () => (cpu.levelKeySet ? fsYes : fsNo),
    option_launch: () => cpu.launchOptions(),
    system_reset: () => cpu.systemReset(),
    boot_application: (entry: number) => bootApplication(cpu, entry >>> 0),
    boot_agent: (vectors: number) => cpu.bootAgent(vectors >>> 0),
    entry_requested: () => (word.requested ? fsYes : fsNo),
    trial_confirmed: () => (word.confirmed ? fsYes : fsNo),
    trial_clear: () => {}, // was taken out when it was read
    receipt_requested: () => (word.receipt ? fsYes : fsNo),
    status_leave: (address: number, pointer: number, length: number) =>
      void cpu.writeRam(address >>> 0, memory().slice(pointer, pointer + length)),
    random(pointer: number, length: number): number {
      memory().set(cpu.random(length), pointer);
      return fsOk;
    },
    unique_id(pointer: number, length: number): void {
      memory().set(cpu.uid.subarray(0, length), pointer);
    },
    link_send: (pointer: number, length: number) => cpu.send(memory().slice(pointer, pointer + length)),
  };
}
