// An application in machine code, built from the same sources as the committed example: it
// boots, greets on the USART and answers. What the host sees comes from instructions that were
// executed, and from nothing else.

import { expect, test } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { buildPanel, programSegments } from '../../test/machine-code.ts';
import { createVirtualChip } from '../chip/factory.ts';
import { machineCode } from './machine-code.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

test.skipIf(!canBuild)('the example panel greets, tests itself and answers on the USART', () => {
  let said = '';
  const chip = createVirtualChip({
    ...{ chip: 'stm32f427', seed: 'panel', executors: [machineCode()] },
    onLink: (bytes) => {
      said += Buffer.from(bytes).toString('latin1');
    },
  });
  const segments = buildPanel('panel.elf');
  programSegments(chip, segments);
  expect(said).toBe('');
  chip.powerOn();
  expect(said).toMatch(/^firmseal example panel 1\.0\.0, build [0-9a-f]{8}\r\n/);
  expect(said).toMatch(/self-test passed\r\n/);
  expect(said).toMatch(/ready\r\n$/);
  const startedUs = chip.clock.nowUs;
  expect(startedUs).toBeGreaterThan(100_000); // 100 KiB of CRC, bit by bit, at 16 MHz
  said = '';
  chip.receive(Uint8Array.of(0x76)); // v
  expect(said).toMatch(/^firmseal example panel 1\.0\.0, build [0-9a-f]{8}\r\n$/);
});
