// The kit's example, built by CMake from a copy of the kit, executed on virtual chips behind the agent's
// machine code: it reads its status, asks for its receipt and for the agent, and confirms itself on trial,
// which lasts over a loss of power. The host computes the agent's cryptography.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentVersion, findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { verifyReceipt } from '@firmseal/license';
import { afterAll, describe, expect, test } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';

import type { Line } from '../../agent/test/line.ts';
import { personalizeMachine } from '../../agent/test/machine-line.ts';
import { makeLicense, makePackage } from '../../agent/test/trusted-site.ts';
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

  const said = heard(line, () => send(line, 'r'));
  const [, hex] = /^bye\r\nexample .*\r\nreceipt ([0-9a-f]+)\r\n$/.exec(said)!;
  const receipt = verifyReceipt(crypto, {
    ...{ receipt: new Uint8Array(Buffer.from(hex!, 'hex')), device: line.device! },
    ...{ license, manifest: one.manifest },
  });
  expect(receipt).toMatchObject({ result: 'installed', installCount: 1, fresh: false });
  // It is asked for once.
  expect(heard(line, () => line.chip.reset())).toBe(greeting(at.version, 3, 5, 1));

  expect(heard(line, () => send(line, 'a'))).toBe('bye\r\n');
  expect(line.info().get(3)).toBe(3); // the agent answers, and the chip has an application
  return line;
}

describe.skipIf(!canBuild)('the application kit', () => {
  const others = ['stm32h743', 'stm32g0b1', 'stm32u575'];
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
});
