// Packages that an application put into flash (spec/agent.md section 11), on WebAssembly chips: installed at
// the next reset with all checks, refused without a trace in what stands, and noted once either way.

import { equalBytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { verifyReceipt } from '@firmseal/license';
import { agentRequest, receiptRequest } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { buildWeakenedAgent } from '../build.ts';
import { agentPackage } from './agent-package.ts';
import faultNumbers from './fault-numbers.ts';
import type { Line } from './line.ts';
import { again, lastOf, type StagedBench, stagedBench, withLicense } from './staged-bench.ts';
import { act, fileOffset, resultOf, stage } from './staging-player.ts';
import { applicationPackage } from './trial-application.ts';
import { makeLicense } from './trusted-site.ts';

/** Flash operations of one reset. */
function operationsOf(line: Line): number {
  const before = line.chip.power.operations;
  line.chip.reset();
  return line.chip.power.operations - before;
}

function flipped(file: Uint8Array, at: number) {
  const bytes = file.slice();
  bytes[at]! ^= 1;
  return { file: bytes };
}

describe.each(sampled(['stm32f427', 'stm32h743', 'stm32u575'], ['stm32f427']))('staged on %s', (chipId) => {
  let bench: StagedBench;
  beforeAll(async () => {
    bench = await stagedBench(chipId);
  });

  test('replaces the application, which then has a receipt to send home', () => {
    again(bench);
    const { line, player, first, third, next, license, replacing } = bench;
    act(line, player, (cpu) => stage(cpu, third, replacing));
    expect(resultOf(line, third)).toBe(0);
    expect(lastOf(bench)).toMatchObject({ address: first, status: { lifeCycle: 3, securityCounter: 8 } });
    // It has been done: the next reset writes nothing.
    expect(operationsOf(line)).toBe(0);
    act(line, player, (cpu) =>
      cpu.writeRam(cpu.chip.ram[0]!.addressStart + agentRequest.offset, receiptRequest),
    );
    const { receipt } = lastOf(bench).status;
    const { manifest } = next;
    expect(verifyReceipt(crypto, { receipt, device: line.device!, license, manifest })).toMatchObject({
      ...{ result: 'installed', securityCounter: 8, installCount: 2 },
    });
  });

  test('installs beside the application, which stays when the new one does not confirm itself', () => {
    again(bench);
    const { line, player, first, second, third, trying } = bench;
    player.confirms = false;
    act(line, player, (cpu) => stage(cpu, third, trying));
    expect(lastOf(bench)).toMatchObject({ address: second, status: { lifeCycle: 5, securityCounter: 5 } });
    line.chip.reset();
    expect(lastOf(bench)).toMatchObject({ address: first, status: { lifeCycle: 6, securityCounter: 5 } });
    expect(operationsOf(line)).toBe(0);
    // The same package once more is told so.
    act(line, player, (cpu) => stage(cpu, third, trying));
    expect(faultNumbers(resultOf(line, third)!)).toBe('staged-given-up');
    expect(lastOf(bench).address).toBe(first);
  });

  test('installs beside the application, and keeps the one that confirms itself', () => {
    again(bench);
    const { line, player, second, third, trying } = bench;
    act(line, player, (cpu) => stage(cpu, third, trying));
    line.chip.reset();
    expect(lastOf(bench)).toMatchObject({ address: second, status: { lifeCycle: 3, securityCounter: 8 } });
    expect(operationsOf(line)).toBe(0);
  });

  test('waits while a host is asked for', () => {
    again(bench);
    const { line, player, first, third, replacing } = bench;
    line.chip.setPin('agent-request', true);
    act(line, player, (cpu) => stage(cpu, third, replacing));
    expect(line.info().get(3)).toBe(3);
    expect(resultOf(line, third)).toBeUndefined();
    line.chip.setPin('agent-request', false);
    line.chip.reset();
    expect(lastOf(bench)).toMatchObject({ address: first, status: { securityCounter: 8 } });
  });

  type Wrong = (bench: StagedBench) => Promise<{ readonly file: Uint8Array; readonly lengthBytes?: number }>;
  const older = async ({ line, first }: StagedBench) => {
    const sealed = await applicationPackage(chipId, first, { securityCounter: 4 });
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const forged = async ({ line, first }: StagedBench) => {
    const sealed = await applicationPackage(
      chipId,
      first,
      { securityCounter: 8 },
      { stranger: 'a stranger' },
    );
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const another = async ({ line, next }: StagedBench) => {
    const device = { ...line.device!, thumbprint: crypto.sha256(Uint8Array.of(1)) };
    return { file: withLicense(next, await makeLicense(next, device)) };
  };
  const overlapping = async ({ line, third }: StagedBench) => {
    const sealed = await applicationPackage(chipId, third, { securityCounter: 8 });
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const agents = async ({ line }: StagedBench) => {
    const sealed = await agentPackage(chipId);
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const refusals: readonly (readonly [string, string, Wrong])[] = [
    ['a file that is no package', 'package-magic-wrong', async ({ replacing }) => flipped(replacing, 0)],
    ['a forged package', 'delegation-signature-invalid', forged],
    ['an older package', 'counter-rolled-back', older],
    ['a package without a license', 'package-license-missing', async ({ next }) => ({ file: next.file })],
    ['a license of another chip', 'license-device-wrong', another],
    [
      'a record that was altered',
      'record-hash-wrong',
      async ({ replacing }) => flipped(replacing, replacing.length - 1),
    ],
    [
      'a file whose end is missing',
      'package-truncated',
      async ({ replacing: file }) => ({ file, lengthBytes: file.length - 1 }),
    ],
    [
      'a file that goes on',
      'package-overlong',
      async ({ replacing: file }) => ({ file, lengthBytes: file.length + 1 }),
    ],
    [
      'a length beyond the slot',
      'package-overlong',
      async ({ replacing: file }) => ({ file, lengthBytes: 0xffff_ffff }),
    ],
    ['a package for where it lies itself', 'staged-overlaps', overlapping],
    ['an agent', 'staged-agent', agents],
  ];

  test.each(refusals)('refuses %s: %s', async (_name, code, wrong) => {
    again(bench);
    const { line, player, first, third } = bench;
    const { file, lengthBytes } = await wrong(bench);
    const stood = line.chip.judge.flash(first, 0x600);
    act(line, player, (cpu) => stage(cpu, third, file, lengthBytes));
    expect(faultNumbers(resultOf(line, third)!)).toBe(code);
    expect(lastOf(bench)).toMatchObject({ address: first, status: { lifeCycle: 3, securityCounter: 5 } });
    expect(equalBytes(line.chip.judge.flash(first, 0x600), stood)).toBe(true);
    expect(operationsOf(line)).toBe(0);
  });

  test('leaves what an application has at the start of its own units alone', () => {
    again(bench);
    const { line, player, third, replacing } = bench;
    // No request stands there: the file alone says nothing.
    act(line, player, (cpu) => {
      stage(cpu, third, replacing);
      cpu.eraseUnit(third);
      cpu.programUnits(third + fileOffset, replacing.slice(0, 64));
    });
    expect(resultOf(line, third)).toBeUndefined();
    expect(operationsOf(line)).toBe(0);
    expect(lastOf(bench).status.securityCounter).toBe(5);
  });
});

test('without a look at every record first, a file that is altered at its end costs the application', async () => {
  const agent = await buildWeakenedAgent('stm32f427', { 'staged-looked-at-first': '(void)look_at_records;' });
  const bench = await stagedBench('stm32f427', { agent });
  const { line, player, third, replacing } = bench;
  act(line, player, (cpu) => stage(cpu, third, flipped(replacing, replacing.length - 1).file));
  expect(player.started).toHaveLength(1);
  expect(line.info().get(3)).toBe(2); // installing
});
