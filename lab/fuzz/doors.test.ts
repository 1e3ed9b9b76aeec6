// 32,000 inputs over the doors of virtual chips; the seed is fixed, so that a failure is
// there again at the next run.

import { CmsisDapCommands, probeTarget, romBootloader } from '@firmseal/virtual-stm32';
import { describe, expect, test } from 'vitest';
import { lackingTool, skipTests } from '../../tools/test-report/skip-tests.ts';
import { fuzzDfu, fuzzUart } from './door-fuzz.ts';
import { fuzzCmsisDap, fuzzStlink, fuzzStlinkServer, fuzzUsbip } from './probe-fuzz.ts';
import { programByClient } from './real-client.ts';

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

const probeDoors = { 'CMSIS-DAP': fuzzCmsisDap, 'ST-LINK': fuzzStlink, fuzzStlinkServer, fuzzUsbip };
const probeCases = ['stm32f427', 'stm32g0b1'].flatMap((chip) =>
  Object.entries(probeDoors).map(([door, fuzz]) => ({ chip, door, fuzz })),
);

test.each(probeCases)(
  '$chip by $door: the debug port stays whole, shut and useful',
  async ({ chip, fuzz }) => {
    const report = await fuzz({ chip, seed: 'doors', inputs: 1500 });
    expect(report.cleanSessions).toBeGreaterThan(1);
    expect(report.atLevel1).toBeGreaterThan(300);
    expect(report.regressions).toBeGreaterThan(0);
  },
);

describe('afterwards', () => {
  skipTests(lackingTool(['openocd']));

  test('a real client programs and verifies a chip whose probe was fuzzed', async () => {
    const afterwards = programByClient('debug');
    await fuzzCmsisDap({ chip: 'stm32g0b1', seed: 'client', inputs: 250, afterwards });
  });
});

test('a run of no inputs is refused: it would find nothing', async () => {
  for (const inputs of [0, Number.NaN, 1.5])
    await expect(fuzzUart({ chip: 'stm32f427', seed: 'doors', inputs })).rejects.toThrow(
      `${inputs} inputs: a run sends one or more`,
    );
});

test('a probe that gives away protected flash, or forgets what a clean session needs, is found', async () => {
  const fuzzed = { chip: 'stm32f427', seed: 'doors', inputs: 1000 };
  const leaking = fuzzCmsisDap(fuzzed, (chip) => ({
    run: (packet) => [packet[0] === 0x06 ? chip.judge.flash(0x08000000, 16) : Uint8Array.of(0xff)],
  }));
  await expect(leaking).rejects.toThrow(/seed doors, input \d+: protected flash was read/);
  const deaf = fuzzCmsisDap(fuzzed, (chip) => {
    const real = new CmsisDapCommands(probeTarget(chip), { packetSizeBytes: 512 });
    return { run: (packet) => (packet[0] === 0x06 ? [Uint8Array.of(0x06, 0, 0, 1)] : real.run(packet)) };
  });
  await expect(deaf).rejects.toThrow(/input \d+: write:/);
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
