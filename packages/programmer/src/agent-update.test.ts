// The engine with a package that brings an agent, on the virtual STM32F427: its receipt, the version before
// and after, the same command again, and a power cut in the middle.

import { agentHeaderBytes, findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { agentImageOf } from '../../../device/agent/test/agent-package.ts';
import { createBench } from '../test/bench.ts';
import { RealChip, verifyRealCertificate } from '../test/real-chip.ts';
import type { SmallChange } from '../test/small-package.ts';

const chipId = 'stm32f427';
let made = 0;

async function ready() {
  const chip = await RealChip.create(`agent ${++made}`);
  const image = await agentImageOf(chipId);
  const { addressStart: address } = findChip(chipId).layout.agentCopy;
  const area = { kind: 'agent', address, lengthBytes: image.length, agentCounter: 2 } as const;
  const change: SmallChange = {
    ...{ firmwareVersion: 'agent 2', securityCounter: 0, interruption: 'erase', bootCheck: 'record' },
    ...{ entry: address + agentHeaderBytes, chunkSizeBytes: 4096, areas: [{ area, plaintext: image }] },
  };
  const bench = await createBench({ uart: chip }, { verifyCertificate: verifyRealCertificate, change });
  return { chip: chip.chip, bench };
}

test('an agent is replaced, proven, started, and named before and after; again, nothing is spent', async () => {
  const { bench } = await ready();
  expect(await bench.run()).toMatchObject([{ outcome: 'pass' }]);
  const agents = () => bench.events.filter(({ kind }) => kind === 'agent');
  expect(agents()).toMatchObject([{ before: 1, now: 2 }]);
  expect(bench.events.filter(({ kind }) => kind === 'note')).toEqual([]);
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(bench.authority.licenses).toHaveLength(1);
  expect(bench.authority.units).toHaveLength(1);
});

test('power that goes in the middle of it costs nothing but the way', async () => {
  const { chip, bench } = await ready();
  chip.power.plan([{ operation: chip.power.operations + 60, moment: 'torn' }]);
  chip.onEvent = (event) => {
    if (event.kind === 'power-lost') queueMicrotask(() => chip.powerOn());
  };
  expect((await bench.run())[0]).toMatchObject({ outcome: 'pass' });
  expect(chip.power.fired.length).toBeGreaterThan(0);
  expect(bench.events.filter(({ kind }) => kind === 'agent')).toMatchObject([{ before: 1, now: 2 }]);
  expect(bench.authority.units).toHaveLength(1);
});
