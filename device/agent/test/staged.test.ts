// Packages that an application put into flash (spec/agent.md section 11), on WebAssembly chips: installed at
// the next reset with all checks, refused without a trace in what stands, and noted once either way.

import { concatBytes, equalBytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { verifyReceipt } from '@firmseal/license';
import { attachLicense } from '@firmseal/seal';
import { agentRequest, receiptRequest } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { agentPackage } from './agent-package.ts';
import faultNumbers from './fault-numbers.ts';
import { blankLine, type Line } from './line.ts';
import { act, fileOffset, resultOf, StagingPlayer, stage, unitsOf } from './staging-player.ts';
import { applicationPackage } from './trial-application.ts';
import { makeLicense, type TestLicense, type TestPackage } from './trusted-site.ts';

/** The package with a license of the chip in its header. */
const withLicense = ({ file }: TestPackage, { bundle }: TestLicense) =>
  concatBytes(...attachLicense(file, bundle));

/** A chip with an application of counter 5 in the first unit, and packages for it. */
async function standing(chipId: string) {
  const player = new StagingPlayer();
  const line = await blankLine(chipId, 'staged', undefined, [player]);
  await line.personalize(1);
  const { starts } = unitsOf(findChip(chipId));
  const [first, second, third] = starts as [number, number, number];
  await line.install(await applicationPackage(chipId, first, { securityCounter: 5 }));
  line.chip.reset();
  const next = await applicationPackage(chipId, first, { securityCounter: 8 });
  const license = await makeLicense(next, line.device!);
  const beside = await applicationPackage(chipId, second, { securityCounter: 8, interruption: 'trial' });
  const trial = await makeLicense(beside, line.device!);
  return {
    ...{ line, player, first, second, third, next, license, beside, trial },
    ...{ replacing: withLicense(next, license), trying: withLicense(beside, trial) },
    from: line.chip.judge.snapshot(),
  };
}

type Bench = Awaited<ReturnType<typeof standing>>;

const last = ({ player }: Bench) => player.started.at(-1)!;

/** Flash operations of one reset. */
function operationsOf(line: Line): number {
  const before = line.chip.power.operations;
  line.chip.reset();
  return line.chip.power.operations - before;
}

function again({ line, player, from }: Bench): void {
  line.chip.judge.restore(from);
  player.confirms = true;
}

describe.each(sampled(['stm32f427', 'stm32h743', 'stm32u575'], ['stm32f427']))('staged on %s', (chipId) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await standing(chipId);
  });

  test('replaces the application, which then has a receipt to send home', () => {
    again(bench);
    const { line, player, first, third, next, license, replacing } = bench;
    act(line, player, (cpu) => stage(cpu, third, replacing));
    expect(resultOf(line, third)).toBe(0);
    expect(last(bench)).toMatchObject({ address: first, status: { lifeCycle: 3, securityCounter: 8 } });
    // It has been done: the next reset writes nothing.
    expect(operationsOf(line)).toBe(0);
    act(line, player, (cpu) =>
      cpu.writeRam(cpu.chip.ram[0]!.addressStart + agentRequest.offset, receiptRequest),
    );
    const { receipt } = last(bench).status;
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
    expect(last(bench)).toMatchObject({ address: second, status: { lifeCycle: 5, securityCounter: 5 } });
    line.chip.reset();
    expect(last(bench)).toMatchObject({ address: first, status: { lifeCycle: 6, securityCounter: 5 } });
    expect(operationsOf(line)).toBe(0);
    // The same package once more is told so.
    act(line, player, (cpu) => stage(cpu, third, trying));
    expect(faultNumbers(resultOf(line, third)!)).toBe('staged-given-up');
    expect(last(bench).address).toBe(first);
  });

  test('installs beside the application, and keeps the one that confirms itself', () => {
    again(bench);
    const { line, player, second, third, trying } = bench;
    act(line, player, (cpu) => stage(cpu, third, trying));
    line.chip.reset();
    expect(last(bench)).toMatchObject({ address: second, status: { lifeCycle: 3, securityCounter: 8 } });
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
    expect(last(bench)).toMatchObject({ address: first, status: { securityCounter: 8 } });
  });

  type Wrong = (bench: Bench) => Promise<{ readonly file: Uint8Array; readonly lengthBytes?: number }>;
  const flipped = (file: Uint8Array, at: number) => {
    const bytes = file.slice();
    bytes[at]! ^= 1;
    return { file: bytes };
  };
  const older = async ({ line, first }: Bench) => {
    const sealed = await applicationPackage(chipId, first, { securityCounter: 4 });
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const forged = async ({ line, first }: Bench) => {
    const sealed = await applicationPackage(
      chipId,
      first,
      { securityCounter: 8 },
      { stranger: 'a stranger' },
    );
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const another = async ({ line, next }: Bench) => {
    const device = { ...line.device!, thumbprint: crypto.sha256(Uint8Array.of(1)) };
    return { file: withLicense(next, await makeLicense(next, device)) };
  };
  const overlapping = async ({ line, third }: Bench) => {
    const sealed = await applicationPackage(chipId, third, { securityCounter: 8 });
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const agents = async ({ line }: Bench) => {
    const sealed = await agentPackage(chipId);
    return { file: withLicense(sealed, await makeLicense(sealed, line.device!)) };
  };
  const refusals: readonly (readonly [string, string, Wrong])[] = [
    ['a file that is none', 'package-magic-wrong', async ({ replacing }) => flipped(replacing, 0)],
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
      'package-truncated',
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
    expect(last(bench)).toMatchObject({ address: first, status: { lifeCycle: 3, securityCounter: 5 } });
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
    expect(last(bench).status.securityCounter).toBe(5);
  });
});
