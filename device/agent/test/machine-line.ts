// A virtual chip with the agent's machine code in its flash: the ARMv6-M build of the sources that ship, executed
// instruction by instruction on the chip's bus. The line to it is the one that the other tests drive.

import { readFileSync } from 'node:fs';
import { finalOptions, findChip } from '@firmseal/chips';
import { createVirtualChip, machineCode, type VirtualChip } from '@firmseal/virtual-stm32';
import { flashSegments } from '../toolchain/elf.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { Line } from './line.ts';

function expectOk(status: unknown): void {
  if (status !== 'ok') throw new Error(`the debug port answers ${status}`);
}

/** Programs the agent through the debug port, and the boot address where the chip has one, then cycles power. */
function install(chip: VirtualChip): void {
  const { elf } = buildAgent(targetOf(chip.chip.id, 'armv6m'));
  const { unitBytes } = chip.chip.write;
  chip.powerOn();
  chip.debug.connect();
  for (const { address, bytes } of flashSegments(readFileSync(elf))) {
    const padded = new Uint8Array(Math.ceil(bytes.length / unitBytes) * unitBytes).fill(0xff);
    padded.set(bytes);
    expectOk(chip.debug.programFlash(address, padded));
  }
  const { addressFields } = chip.chip.boot;
  if (addressFields) {
    const options = finalOptions(chip.chip, 0).filter(({ register }) =>
      chip.chip.options.registers[register]!.fields.some(({ name }) => name === addressFields.pinLow),
    );
    expectOk(chip.debug.writeOptionBytes(new Map(options.map(({ register, value }) => [register, value]))));
  }
  chip.powerOff();
}

/** A chip that is on, its agent waiting on the link, not personalized. */
export function machineLine(chipId: string, seed = 'machine code'): Line {
  const chip = createVirtualChip({ chip: findChip(chipId).id, seed, executors: [machineCode()] });
  install(chip);
  chip.powerOn();
  return new Line(chip);
}
