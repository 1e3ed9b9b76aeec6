// The engine against the agent in C, compiled to WebAssembly, on the virtual STM32F427: every
// frame dropped, doubled, damaged or delayed once, power cut at many operations of the flash,
// and the same command run again. In a sample every fourth frame, another one for each misfortune.

import type { ChunkFate } from '@firmseal/link/testing';
import type { PowerCut } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { createBench } from '../test/bench.ts';
import { RealChip, verifyRealCertificate } from '../test/real-chip.ts';
import { deviceData, firmware } from '../test/small-package.ts';

let made = 0;
async function ready() {
  const chip = await RealChip.create(`install ${++made}`);
  const bench = await createBench({ uart: chip }, { verifyCertificate: verifyRealCertificate });
  return { chip: chip.chip, bench };
}

beforeAll(async () => {
  await ready();
});

test('the agent is installed, proven and stored', async () => {
  const { bench } = await ready();
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.authority.receipts.size).toBe(1);
  expect(bench.events.filter(({ kind }) => kind === 'restart')).toEqual([]);
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.authority.licenses).toHaveLength(1);
});

test('started at the end, the chip boots its application', async () => {
  const { chip, bench } = await ready();
  expect((await bench.run({ startApplication: true }))[0]).toMatchObject({ outcome: 'pass' });
  expect(chip.bootedApplication).toMatchObject({ address: 0x08040000 });
});

describe('every frame, each misfortune once: PASS, one unit', () => {
  const fates: Record<string, ChunkFate> = {
    dropped: { copies: 0 },
    doubled: { copies: 2 },
    damaged: { corruptAt: 3 },
    'delayed by 5 s': { delayMs: 5000 },
  };
  for (const [at, [name, fate]] of Object.entries(fates).entries()) {
    for (const direction of ['to-agent', 'to-host'] as const) {
      test(`${name} ${direction}`, async () => {
        for (let hit = sampled(0, at); ; hit += sampled(1, 4)) {
          const { bench } = await ready();
          let seen = 0;
          let fired = 0;
          const [result] = await bench.run({
            plan: (way, chunk) => {
              if (way !== direction || chunk.length < 2 || seen++ !== hit) return {};
              fired++;
              return fate;
            },
          });
          expect(result, `frame ${hit}`).toMatchObject({ outcome: 'pass' });
          expect(bench.authority.units).toHaveLength(1);
          if (fired === 0) {
            expect(hit).toBeGreaterThanOrEqual(12);
            break;
          }
        }
      });
    }
  }
});

describe('power is cut and comes back', () => {
  for (const moment of ['before', 'torn', 'after'] as const) {
    test(`${moment} operations spread over the whole install: PASS, one unit`, async () => {
      const clean = await ready();
      const start = clean.chip.power.operations;
      await clean.bench.run();
      const count = clean.chip.power.operations - start;
      expect(count).toBeGreaterThan(50);
      for (let step = 0; step < 24; step += sampled(1, 3)) {
        const { chip, bench } = await ready();
        const operation = chip.power.operations + 1 + Math.floor((step * count) / 24);
        const cut: PowerCut = { operation, moment };
        chip.power.plan([cut]);
        chip.onEvent = (event) => {
          if (event.kind === 'power-lost') queueMicrotask(() => chip.powerOn());
        };
        const [result] = await bench.run();
        expect(chip.power.fired).toEqual([cut]);
        expect(result, `operation ${operation}`).toMatchObject({ outcome: 'pass' });
        expect(bench.authority.units).toHaveLength(1);
        expect(bench.authority.receipts.size).toBe(1);
      }
    });
  }
});

describe('an update on trial', () => {
  /** Beside the small package, in an erase unit of its own. */
  const entry = 0x080a0000;
  const next = { securityCounter: 6, firmwareVersion: '1.3.0', interruption: 'trial', entry } as const;

  async function updated() {
    const { chip, bench } = await ready();
    await bench.run({ startApplication: true });
    chip.setPin('agent-request', true);
    chip.reset();
    chip.setPin('agent-request', false);
    const update = await createBench(Object.fromEntries(bench.sockets), {
      verifyCertificate: verifyRealCertificate,
      change: { ...next, areas: [firmware(entry, 1184, 3), deviceData(0x080c0000)] },
    });
    return { chip, update };
  }

  test('passes with its receipt, and the same command again takes no other unit', async () => {
    const { update } = await updated();
    expect((await update.run())[0]).toMatchObject({ outcome: 'pass' });
    expect((await update.run())[0]).toMatchObject({ outcome: 'pass' });
    expect(update.authority.units).toHaveLength(1);
    expect(update.authority.receipts.size).toBe(1);
  });

  test('given up by the chip, it is installed once more by the same command, under the same unit', async () => {
    const { chip, update } = await updated();
    expect((await update.run({ startApplication: true }))[0]).toMatchObject({ outcome: 'pass' });
    expect(chip.bootedApplication).toMatchObject({ address: entry });
    chip.reset(); // it was not confirmed
    expect(chip.bootedApplication).toMatchObject({ address: 0x08040000 });
    chip.setPin('agent-request', true);
    chip.reset();
    chip.setPin('agent-request', false);
    expect((await update.run({ startApplication: true }))[0]).toMatchObject({ outcome: 'pass' });
    expect(chip.bootedApplication).toMatchObject({ address: entry });
    expect(update.authority.units).toHaveLength(1);
  });
});
