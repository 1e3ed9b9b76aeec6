// What a debug probe holds at the end of its cable: a chip's debug port and reset pin.

import type { VirtualChip } from '../chip/virtual-chip.ts';
import type { SwDebugPort } from '../debug/debug-port-registers.ts';

export interface ProbeTarget {
  readonly debugPort: SwDebugPort;
  /** Whether the chip answers on its debug pins: it has power and is below readout level 2. */
  attached(): boolean;
  /** Drives the reset pin; the chip starts when it is let go. */
  setReset(low: boolean): void;
  /** Resets the chip through its pin once. */
  pulseReset(): void;
  /** The probe was taken off: a core that runs, runs on by itself. */
  released(): void;
}

/** Instructions that a core may run after the probe left, until it waits for its link. */
const freeRun = 1_000_000_000;

export function probeTarget(chip: VirtualChip): ProbeTarget {
  let resetLow = false;
  return {
    debugPort: chip.machine.debugPort,
    attached: () => chip.machine.debugPort.answers,
    setReset(low) {
      if (resetLow && !low) chip.reset();
      resetLow = low;
    },
    pulseReset: () => chip.reset(),
    released: () => chip.machine.runFree(freeRun),
  };
}
