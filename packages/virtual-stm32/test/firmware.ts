// Firmware for the tests of this package: a few lines of TypeScript that run where flash starts with a marker
// word. Every byte received names an action that the test gave.

import type { CpuPort, ExecutorFactory } from '../src/firmware/executor.ts';

export const marker = Uint8Array.of(0x00, 0x80, 0x00, 0x20);

/** Firmware that is recognized by the marker (a stack pointer) at the boot address. */
export function testFirmware(actions: {
  start?: (cpu: CpuPort) => void;
  receive?: (cpu: CpuPort, bytes: Uint8Array<ArrayBuffer>) => void;
  stop?: () => void;
}): ExecutorFactory {
  return {
    recognizes(cpu) {
      const found = cpu.readFlash(cpu.boot.address, marker.length);
      return typeof found !== 'string' && found.every((byte, i) => byte === marker[i]);
    },
    create() {
      let port: CpuPort;
      return {
        start(cpu) {
          port = cpu;
          actions.start?.(cpu);
        },
        receive(bytes) {
          actions.receive?.(port, bytes);
        },
        stop: () => actions.stop?.(),
      };
    },
  };
}
