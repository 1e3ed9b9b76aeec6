// The debug port of a chip in this process as a probe: for demo, tests and campaigns. What the chip refuses a
// debugger is a fault here. Over TCP the same is packages/virtual-probe.

import { hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { DebugProbe } from '@firmseal/programming';
import type { VirtualChip } from '@firmseal/virtual-stm32';

const probe = 'this process';

export function inProcessProbe(chip: VirtualChip): DebugProbe {
  /** What the chip answered, where it is no refusal. */
  const granted = <T>(operation: string, address: number, answer: T): Exclude<T, string> | undefined => {
    if (answer === 'ok') return undefined;
    if (typeof answer === 'string')
      throw new Fault('probe-failed', { probe, operation, address: hexAddress(address), reason: answer });
    return answer as Exclude<T, string>;
  };
  return {
    async connect() {
      chip.powerOn();
      if (chip.debug.connect() !== 'connected') throw new Fault('probe-refused', { probe });
    },
    async readMemory(address, lengthBytes) {
      return granted('read', address, chip.debug.readMemory(address, lengthBytes))!;
    },
    async readWord(address) {
      const word = chip.debug.readWord(address);
      return typeof word === 'number' ? word : undefined;
    },
    async readOptionBytes() {
      const { registers } = chip.chip.options;
      return new Map(
        registers.map(({ id }) => [id, granted('read options', id, chip.debug.readOption(id))!]),
      );
    },
    async writeOptionBytes(values) {
      granted('write options', 0, chip.debug.writeOptionBytes(values));
    },
    async eraseUnit(address) {
      granted('erase', address, chip.debug.eraseUnit(address));
    },
    async program(address, bytes) {
      granted('program', address, chip.debug.programFlash(address, bytes));
    },
    async release() {
      chip.debug.disconnect();
      chip.powerOff();
      chip.powerOn();
    },
  };
}
