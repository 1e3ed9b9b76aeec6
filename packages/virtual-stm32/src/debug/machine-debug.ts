// The access ports of a chip: the one of the core's memory, and on H7 a second one with the debug identity. A
// core that runs gets its time here, between one access of the debugger and the next.

import type { Chip } from '@firmseal/chips';
import { DebugIdentityRegisters } from '../peripherals/debug-identity.ts';
import { RegisterBlock } from '../peripherals/peripheral.ts';
import { peripheralSet } from '../peripherals/peripheral-sets.ts';
import type { SystemBus } from '../processor/system-bus.ts';
import { type DebugBus, MemoryAccessPort } from './memory-access-port.ts';

const haltingControl = 0xe000_edf0;
/** Instructions between two accesses: more when the debugger asks whether the core halted. */
const perAccess = 2_000;
const perQuestion = 200_000;
const romTablePresent = 3;

export interface AccessPortParts {
  readonly chip: Chip;
  readonly bus: SystemBus;
  readonly attempt: <T>(action: () => T) => T | undefined;
  readonly letRun: (instructions: number) => void;
}

function coreMemory({ bus, attempt, letRun }: AccessPortParts): DebugBus {
  return {
    read(address, sizeBytes) {
      letRun(address === haltingControl ? perQuestion : perAccess);
      return attempt(() => bus.read(address, sizeBytes));
    },
    write(address, sizeBytes, value) {
      let done = true; // a reset that the write asked for is no fault
      attempt(() => {
        done = bus.write(address, sizeBytes, value);
      });
      letRun(perAccess);
      return done;
    },
  };
}

/** H7: the system debug bus behind AP 2 (RM0433 60.5). */
function secondBus({ chip, bus }: AccessPortParts, addressStart: number): DebugBus {
  const identity = new DebugIdentityRegisters(addressStart, chip.debug.idCode);
  const others = new RegisterBlock({ name: 'debug bus', addressStart: 0, sizeBytes: 2 ** 32 });
  const at = (address: number) =>
    address >= addressStart && address < addressStart + identity.sizeBytes ? identity : others;
  return {
    read: (address) => at(address).readRegister((address - at(address).addressStart) & ~3),
    write(address, _sizeBytes, value) {
      at(address).writeRegister((address - at(address).addressStart) & ~3, value, bus.memory);
      return true;
    },
  };
}

/**
 * Auto-increment reaches 1 KiB in every MEM-AP (IHI 0031, C2.2.2); in the AHB-AP of Cortex-M3 and M4 12 bits
 * of the address count, and debuggers rely on it (OpenOCD reads blocks of 4 KiB there).
 */
const leastIncrementBytes = 1024;
const cortexM4Port = 0x2477_0011;
const cortexM0PlusPort = 0x0477_0031;

/** By the number that SELECT gives (IHI 0031, B2.2.9). */
export function createAccessPorts(parts: AccessPortParts): readonly (MemoryAccessPort | undefined)[] {
  const { debug } = parts.chip;
  const ports: (MemoryAccessPort | undefined)[] = [];
  ports[debug.apIndex] = new MemoryAccessPort(coreMemory(parts), {
    idr: debug.apIdr,
    incrementBytes: debug.apIdr === cortexM4Port ? 4096 : leastIncrementBytes,
    base: (debug.romTableBase | romTablePresent) >>> 0,
    packs: debug.apIdr !== cortexM0PlusPort,
  });
  const second = peripheralSet(parts.chip).secondDebugIdentity;
  if (second !== undefined)
    ports[second.apIndex] = new MemoryAccessPort(secondBus(parts, second.addressStart), {
      ...{ idr: second.idr, base: 0xe00e_0003, incrementBytes: leastIncrementBytes },
      packs: true,
    });
  return ports;
}
