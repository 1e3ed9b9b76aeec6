// The vectors against the agent's machine code: its ARMv6-M build with BearSSL on the Cortex-M0+ of the
// virtual chip. All that are pure format (CBOR, frames); all that end before a signature is checked; of the
// others, which take a second and more each, a seeded sample. Where no signature is checked,
// the host computes the hashes of the boot. `npm run lab -- vectors-thumb` runs every one,
// nothing of it computed by the host.

import { readFileSync } from 'node:fs';
import { fromHex } from '@firmseal/bytes';
import { fsOk } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import faultNumbers from './fault-numbers.ts';
import { MachineCall } from './machine-call.ts';
import {
  type Case,
  delegationVectors,
  endsBeforeSignatures,
  licenseVectors,
  packageVectors,
} from './vector-cases.ts';
import { machineChip, quickMachineChip } from './vector-chips.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

const casesOf = <T>(path: string): T[] =>
  (
    JSON.parse(readFileSync(new URL(`../../../vectors/${path}`, import.meta.url), 'utf8')) as {
      cases: T[];
    }
  ).cases;

/** In the order of the enum in fs_cbor.h, from 1. */
const cborFaults = [
  'cbor-truncated',
  'cbor-type-refused',
  'cbor-not-deterministic',
  'cbor-duplicate-key',
  'cbor-too-deep',
  'cbor-text-invalid',
  'cbor-trailing-bytes',
];
/** For a machine that others load too; nothing here depends on the time. */
const longestMs = 600_000;

describe.skipIf(!canBuild)('vectors on Thumb', () => {
  it('CBOR: the check in the agent gives the outcome of every case', () => {
    const line = quickMachineLine('stm32f427');
    const agent = new MachineCall(line, buildAgent(targetOf('stm32f427')).elf);
    const cases = casesOf<{ name: string; hex: string; fault?: string }>('cbor/decode.json');
    for (const { name, hex, fault } of cases) {
      const bytes = fromHex(hex);
      agent.write(agent.room, bytes);
      const result = agent.call('fs_cbor_check', agent.room, bytes.length, 1);
      const found = result === fsOk ? undefined : (cborFaults[result - 1] ?? result);
      expect([name, found]).toEqual([name, fault]);
    }
    expect(cases.length).toBeGreaterThan(150);
    expect(line.info().get(3)).toBe(0); // the agent goes on where it was
  });

  it('frames: taken or dropped as every case says', () => {
    const line = quickMachineLine('stm32f427');
    const cases = casesOf<{ name: string; line: string; content?: string }>('link/frames.json');
    for (const { name, line: bytes, content } of cases) {
      line.chip.reset();
      const [answer, ...more] = line.raw(fromHex(bytes));
      if (content === undefined) expect([name, answer]).toEqual([name, undefined]);
      else {
        const [type, sequence] = fromHex(content);
        expect(answer).toMatchObject({ type: type! | 0x80, sequence });
        expect(faultNumbers(answer!.body[0]! | (answer!.body[1]! << 8))).toBe('request-unknown');
      }
      expect(more).toEqual([]);
    }
    expect(cases.length).toBeGreaterThan(20);
  });

  /** Every `step`-th of the cases that need signatures, from a place that the day does not change. */
  const sample = (cases: readonly Case[], count: number): readonly Case[] => {
    const slow = cases.filter((one) => !endsBeforeSignatures(one));
    const step = Math.floor(slow.length / count);
    return slow.filter((_, i) => i % step === Math.floor(step / 2)).slice(0, count);
  };

  it.each([
    { suite: packageVectors, count: sampled(2, 1), quick: 10 },
    { suite: licenseVectors, count: 1, quick: 0 },
    { suite: delegationVectors, count: sampled(2, 1), quick: 0 },
  ])(
    '$suite.name: all without a signature check, and a sample',
    async ({ suite, count, quick }) => {
      const early = suite.cases.filter(endsBeforeSignatures);
      expect(early.length).toBeGreaterThanOrEqual(quick);
      for (const one of [...early, ...sample(suite.cases, count)]) {
        const make = early.includes(one) ? sampled(machineChip, quickMachineChip) : machineChip;
        const { found, due } = await suite.outcome(one, make);
        expect([one.name, found]).toEqual([one.name, due]);
      }
    },
    longestMs,
  );
});
