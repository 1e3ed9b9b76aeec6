// The kit's example, built by CMake from a copy of the kit, executed on virtual chips behind the agent's
// machine code: it reads its status, asks for its receipt and for the agent, and confirms itself on trial,
// which lasts over a loss of power; power goes while it replaces itself. The host
// computes the agent's cryptography.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes, u32le } from '@firmseal/bytes';
import { agentVersion, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type Receipt, verifyReceipt } from '@firmseal/license';
import { attachLicense } from '@firmseal/seal';
import type { Operation } from '@firmseal/virtual-stm32';
import { afterAll, describe, expect, test } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { cutMoments } from '../../../lab/power/campaign.ts';
import { isEdgeOfRun, watchOperations } from '../../../lab/power/operations.ts';
import { isWhole, sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import codeOf from '../../agent/test/fault-numbers.ts';
import type { Line } from '../../agent/test/line.ts';
import { personalizeMachine } from '../../agent/test/machine-line.ts';
import {
  makeLicense,
  makePackage,
  type TestLicense,
  type TestPackage,
} from '../../agent/test/trusted-site.ts';
import { portedChips } from '../../agent/toolchain/targets.ts';
import { buildExample, copyKit, type ExampleAt } from './build-example.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-kit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const canBuild = hasTool('arm-none-eabi-gcc') && hasTool('cmake');
const kit = canBuild ? copyKit(folder) : '';

type Terms = { readonly securityCounter: number; readonly interruption: 'resume' | 'trial' };

async function sealed(at: ExampleAt, terms: Terms) {
  const area = buildExample(kit, at);
  const entry = area.area.address;
  return makePackage(at.chipId, { core: { entry, chips: [at.chipId], ...terms }, areas: [area] });
}

/** What the application says while the action goes on. */
function heard(line: Line, action: () => void): string {
  let said = '';
  const { onLink } = line.chip;
  line.chip.onLink = (bytes) => {
    said += Buffer.from(bytes).toString('latin1');
  };
  action();
  line.chip.onLink = onLink;
  return said;
}

const send = (line: Line, letters: string) => line.chip.receive(Buffer.from(letters, 'latin1'));

/** Sector 11, which neither of the two versions uses. */
const stagedAt = 0x080e_0000;
const askForResult = concatBytes(Uint8Array.of(0x73), u32le(stagedAt));

/** The fault that the agent noted of the staged file. */
function resultOf(line: Line): string {
  const [, fault] = /^result (\d+)\r\n$/.exec(heard(line, () => line.chip.receive(askForResult)))!;
  return codeOf(Number(fault));
}

/** As the example takes it: a piece after each point. */
function sendUpdate(line: Line, file: Uint8Array): void {
  line.chip.receive(concatBytes(Uint8Array.of(0x75), u32le(stagedAt), u32le(file.length)));
  for (let done = 0; done < file.length; done += 256) line.chip.receive(file.slice(done, done + 256));
}

/** The receipt that the application fetches and sends home. */
function receiptOver(line: Line, license: TestLicense, { manifest }: TestPackage): Receipt {
  const said = heard(line, () => send(line, 'r'));
  const [, hex] = /^bye\r\nexample .*\r\nreceipt ([0-9a-f]+)\r\n$/.exec(said)!;
  const receipt = new Uint8Array(Buffer.from(hex!, 'hex'));
  return verifyReceipt(crypto, { receipt, device: line.device!, license, manifest });
}

/** Of operations inside runs of programs, when the suites run whole. */
const cutEvery = 500;
const isCut = (operations: readonly Operation[], i: number): boolean =>
  isWhole ? isEdgeOfRun(operations, i) || i % cutEvery === 0 : operations[i]!.kind === 'erase';

const greets = (line: Line): string => heard(line, () => line.chip.reset());

const greeting = (version: string, life: number, counter: number, installs: number) =>
  `example ${version} agent ${agentVersion} life ${life} counter ${counter} installs ${installs}\r\n`;

async function installed(at: ExampleAt): Promise<Line> {
  const line = quickMachineLine(at.chipId);
  await personalizeMachine(line, 2);
  const one = await sealed(at, { securityCounter: 5, interruption: 'resume' });
  line.hello();
  const license = await makeLicense(one, line.device!);
  await line.install(one, license);
  expect(heard(line, () => line.chip.reset())).toBe(greeting(at.version, 3, 5, 1));

  const receipt = receiptOver(line, license, one);
  expect(receipt).toMatchObject({ result: 'installed', installCount: 1, fresh: false });
  // It is asked for once.
  expect(heard(line, () => line.chip.reset())).toBe(greeting(at.version, 3, 5, 1));

  expect(heard(line, () => send(line, 'a'))).toBe('bye\r\n');
  expect(line.info().get(3)).toBe(3); // the agent answers, and the chip has an application
  return line;
}

describe.skipIf(!canBuild)('the application kit', () => {
  const others = portedChips().filter((id) => id !== 'stm32f427');
  test.each(sampled(others, ['stm32g0b1']))('serves an application on %s', async (chipId) => {
    await installed({ chipId, slot: findChip(chipId).layout.slots[0]!.name, version: '1.0.0' });
  });

  test('serves an application on stm32f427, which confirms itself for good when it is on trial', async () => {
    const line = await installed({ chipId: 'stm32f427', slot: 'above', version: '1.0.0' });
    const next = { chipId: 'stm32f427', slot: 'bank2-in-place', version: '2.0.0' };
    await line.install(await sealed(next, { securityCounter: 8, interruption: 'trial' }));
    expect(heard(line, () => line.chip.reset())).toBe(`${greeting('2.0.0', 5, 5, 2)}confirmed\r\n`);
    line.chip.powerOff();
    expect(heard(line, () => line.chip.powerOn())).toBe(greeting('2.0.0', 3, 8, 2));
  });

  test('replaces itself by an update that it receives, and is left alone by one that is forged', async () => {
    const line = await installed({ chipId: 'stm32f427', slot: 'above', version: '1.0.0' });
    line.request(0x26); // start
    const next = await sealed(
      { chipId: 'stm32f427', slot: 'bank2-in-place', version: '2.0.0' },
      { securityCounter: 8, interruption: 'trial' },
    );
    const license = await makeLicense(next, line.device!);
    const file = concatBytes(...attachLicense(next.file, license.bundle));
    const forged = file.slice();
    forged[file.length - 1]! ^= 1;
    expect(heard(line, () => sendUpdate(line, forged))).toBe(
      `${'.'.repeat(Math.ceil(file.length / 256))}staged\r\n${greeting('1.0.0', 3, 5, 1)}`,
    );
    expect(resultOf(line)).toBe('record-hash-wrong');

    const said = heard(line, () => sendUpdate(line, file));
    expect(said).toContain(`staged\r\n${greeting('2.0.0', 5, 5, 2)}confirmed\r\n`);
    expect(heard(line, () => line.chip.receive(askForResult))).toBe('result 0\r\n');
    line.chip.powerOff();
    expect(heard(line, () => line.chip.powerOn())).toBe(greeting('2.0.0', 3, 8, 2));
    expect(receiptOver(line, license, next)).toMatchObject({ result: 'installed', securityCounter: 8 });
  });

  test('power goes while it replaces itself: a version starts, and the update ends, or its trial did', async () => {
    const line = await installed({ chipId: 'stm32f427', slot: 'above', version: '1.0.0' });
    line.request(0x26); // start
    const next = await sealed(
      { chipId: 'stm32f427', slot: 'bank2-in-place', version: '2.0.0' },
      { securityCounter: 8, interruption: 'trial' },
    );
    const { bundle } = await makeLicense(next, line.device!);
    const file = concatBytes(...attachLicense(next.file, bundle));
    const { chip } = line;
    chip.powerOff();
    const from = chip.judge.snapshot();
    const update = () => {
      chip.powerOn();
      sendUpdate(line, file);
      chip.powerOff();
      chip.powerOn(); // the confirmation is for good
    };
    const [final, givenUp] = [greeting('2.0.0', 3, 8, 2), greeting('1.0.0', 6, 5, 2)];
    const { journal } = findChip('stm32f427').layout;
    const isJournal = (address: number) =>
      journal.some(
        ({ addressStart, sizeBytes }) => address >= addressStart && address < addressStart + sizeBytes,
      );
    /** At the end of an erase unit. */
    const isConfirmation = (address: number) => address % 0x4000 >= 0x4000 - 32;
    const operations = watchOperations(chip, update);
    const started = new Set<string>();
    for (const [i, operation] of operations.entries())
      for (const moment of isCut(operations, i) ? sampled(cutMoments, ['torn']) : []) {
        const where = `${operation.kind} ${operation.number} at 0x${operation.address.toString(16)}, ${moment}`;
        chip.powerOff();
        chip.judge.restore(from, { seed: where });
        chip.power.plan([{ operation: operation.number, moment }]);
        chip.powerOn();
        sendUpdate(line, file);
        if (chip.powered) {
          chip.powerOff();
          chip.powerOn();
        }
        expect(chip.powered, where).toBe(false);
        const [, version = 'none'] = /example ([\d.]+) /.exec(heard(line, () => chip.powerOn())) ?? [];
        started.add(version);
        // The next start installs what waits, or says that a trial was confirmed.
        if (greets(line) !== final) update();
        const end = greets(line);
        if (end === givenUp) {
          // Power went in the one boot of its trial: the agent takes that package from flash no more.
          expect([where, isJournal(operation.address) || isConfirmation(operation.address)]).toEqual([
            where,
            true,
          ]);
          expect(resultOf(line), where).toBe('staged-given-up');
        } else expect(end, where).toBe(final);
      }
    expect([...started].sort()).toEqual(['1.0.0', '2.0.0']);
  });
});
