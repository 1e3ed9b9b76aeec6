// The example of README.md, run as it stands there.

import { expect, test } from 'vitest';
import { createVirtualChip, type ExecutorFactory } from './index.ts';

test('the example of the README', () => {
  const echo: ExecutorFactory = {
    recognizes: (cpu) => cpu.readFlash(cpu.boot.address, 1)[0] === 0x42,
    create() {
      let send = (_: Uint8Array) => {};
      return {
        start: (cpu) => {
          send = cpu.send;
        },
        receive: (bytes) => send(bytes),
      };
    },
  };
  const out: number[] = [];
  const chip = createVirtualChip({
    chip: 'stm32f427',
    seed: 'example',
    executors: [echo],
    onLink: (bytes) => out.push(...bytes),
  });
  chip.powerOn();
  chip.debug.connect();
  chip.debug.programFlash(0x08000000, Uint8Array.of(0x42, 0, 0, 0));
  chip.reset();
  chip.receive(Uint8Array.of(1, 2, 3));
  expect(out).toEqual([1, 2, 3]);

  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
  expect(chip.debug.eraseUnit(0x08000000)).toBe('no-power');
  expect(chip.power.fired).toHaveLength(1);
  expect(chip.powered).toBe(false);
});
