// Firmware that is machine code: an executor that recognizes a vector table and runs what it points to on the
// machine's processor: ARMv6-M on a Cortex-M0+, ARMv7-M on the others.

import type { Machine } from '../chip/machine.ts';
import type { UsbFunction } from '../doors/usb-function.ts';
import type { CpuPort, ExecutorFactory, FirmwareExecutor } from './executor.ts';
import { machineUsb } from './machine-usb.ts';

export interface MachineCodeOptions {
  /**
   * Instructions from one wait for the link to the next, after which the host goes on and
   * the firmware stands still.
   */
  readonly budgetInstructions?: number;
}

/**
 * Some 20 s of host time: more than any agent computes between two frames, and an
 * end for firmware that hangs.
 */
const defaultBudget = 1_000_000_000;

function wordAt(cpu: CpuPort, address: number): number | undefined {
  const bytes = cpu.readFlash(address, 4);
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer).getUint32(0, true);
}

/** A first stack pointer at the end of something in RAM, and a reset handler with the Thumb bit. */
function isVectorTable(cpu: CpuPort, address: number): boolean {
  const stack = wordAt(cpu, address);
  const entry = wordAt(cpu, address + 4);
  if (stack === undefined || entry === undefined || stack % 4 !== 0 || entry % 2 === 0) return false;
  const inRam = cpu.chip.ram.some(
    ({ addressStart, length }) => stack > addressStart && stack <= addressStart + length,
  );
  return inRam && wordAt(cpu, entry - 1 - ((entry - 1) % 4)) !== undefined;
}

/** Runs Thumb code on the chip's bus. */
export function machineCode({
  budgetInstructions = defaultBudget,
}: MachineCodeOptions = {}): ExecutorFactory {
  return {
    recognizes: (cpu) => cpu.boot.from === 'flash' && isVectorTable(cpu, cpu.boot.address),
    create(): FirmwareExecutor {
      let machine: Machine | undefined;
      let usb: UsbFunction | undefined;
      let pulls = 0;
      /** A host is always at the connector: it finds a device as soon as the firmware waits. */
      const look = () => {
        const wire = machine?.usb;
        if (wire === undefined || !wire.attached || wire.pulls !== pulls) usb = undefined;
        if (wire?.attached !== true || usb !== undefined) return;
        pulls = wire.pulls;
        usb = machineUsb(wire);
      };
      return {
        start(cpu) {
          machine = cpu.machine;
          machine.begin(cpu.boot.address, budgetInstructions);
          look();
        },
        receive(bytes) {
          machine?.deliver(bytes);
          machine?.run(budgetInstructions);
          look();
        },
        get usb() {
          return machine?.usb?.attached ? usb : undefined;
        },
        touchUsb(action) {
          if (machine?.usb === undefined) return;
          action(machine.usb);
          look();
        },
        stop: () => machine?.end(),
      };
    },
  };
}
