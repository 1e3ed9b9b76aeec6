// 20,000 inputs over the doors of four chips; the seed is fixed, so that a failure is there again at the next run.

import { romBootloader } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { fuzzDfu, fuzzUart } from './door-fuzz.ts';

const chips = ['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32l476'];
const options = { seed: 'doors', inputs: 2500 };

test.each(chips)('%s: the UART bootloader stays whole, shut and useful', async (chip) => {
  const report = await fuzzUart({ chip, ...options });
  expect(report.cleanSessions).toBeGreaterThan(5);
  expect(report.atLevel1).toBeGreaterThan(300);
  expect(report.regressions).toBeGreaterThan(0);
});

test.each(chips)('%s: the DfuSe bootloader stays whole, shut and useful', async (chip) => {
  const report = await fuzzDfu({ chip, ...options });
  expect(report.cleanSessions).toBeGreaterThan(5);
  expect(report.atLevel1).toBeGreaterThan(300);
  expect(report.regressions).toBeGreaterThan(0);
  expect(report.departures).toBeGreaterThan(0);
});

test('a bootloader that crashes, or forgets what a clean session needs, is found and its input named', async () => {
  const real = romBootloader();
  const crashing = (broken: (bytes: Uint8Array) => Uint8Array) => ({
    recognizes: real.recognizes,
    create: () => {
      const inner = real.create();
      return {
        start: (cpu: Parameters<typeof inner.start>[0]) => inner.start(cpu),
        receive: (bytes: Uint8Array<ArrayBuffer>) => inner.receive(new Uint8Array(broken(bytes))),
      };
    },
  });
  const crash = crashing((bytes) => {
    if (bytes[0] === 0xa1) throw new Error('planned');
    return bytes;
  });
  const deaf = crashing((bytes) => (bytes[0] === 0x31 ? new Uint8Array(2) : bytes));
  const fuzzed = { chip: 'stm32f427', ...options };
  await expect(fuzzUart({ ...fuzzed, bootloader: crash })).rejects.toThrow(/seed doors, input \d+: planned/);
  await expect(fuzzUart({ ...fuzzed, bootloader: deaf })).rejects.toThrow(/input \d+: write command/);
});
