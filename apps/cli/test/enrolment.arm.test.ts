// Enrolment by the commands: a programming house writes the exported agent, a secret of the list and the
// protection, and holds no key; at first contact the chip proves its secret and is certified, once. In a
// sample the host computes the cryptography of the chip in machine code.

import { readFileSync, statSync } from 'node:fs';
import { anchorPart } from '@firmseal/agent-image';
import { crc32, fromHex } from '@firmseal/bytes';
import { changedOptions, finalOptions, findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readImage, type Segment } from '@firmseal/image';
import {
  agentImage,
  createVirtualChip,
  machineCode,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import { targetOf } from '../../../device/agent/toolchain/targets.ts';
import { buildAgent as buildMachineCode } from '../../../device/agent/toolchain/thumb.ts';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { Chain } from './chain.ts';
import { jsonLines } from './run-here.ts';

const id = 'stm32u575';
const facts = findChip(id);
const chain = new Chain();
const list = () => `${chain.at('agent.hex')}.enrolment.csv`;
let webAssembly: readonly Segment[];

beforeAll(async () => {
  buildShipping({ only: [id] });
  const image = agentImage(await buildAgent(id), facts) as readonly Segment[];
  webAssembly = [...image, anchorPart(nodeCrypto, image, { chip: facts }) as Segment];
  await chain.begin();
  await chain.run(
    ...['agent', 'export', '--chip', id, '--board', 'nucleo-u575zi-q', '--out', chain.at('agent.hex')],
    ...['--enrol', '3'],
  );
});
afterAll(() => chain.end());

/** The bytes of a row, from 0. */
const rowOf = (file: string, index: number): Uint8Array =>
  fromHex(readFileSync(file, 'utf8').split('\n')[index + 1]!.split(',')[2]!);

/** What a programming house does with a blank chip. */
function programmed(seed: string, agent: readonly Segment[], secret: Uint8Array, level: 0 | 2): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed, executors: [wasmAgent(nodeCrypto), machineCode()] });
  chip.powerOn();
  chip.debug.connect();
  const { unitBytes } = facts.write;
  const parts = [...agent, { address: facts.layout.journal[1].addressStart, bytes: secret }];
  for (const { address, bytes } of parts) {
    const whole = new Uint8Array(Math.ceil(bytes.length / unitBytes) * unitBytes).fill(0xff);
    whole.set(bytes);
    expect(chip.debug.programFlash(address, whole)).toBe('ok');
  }
  const options = new Map(facts.options.registers.map((one) => [one.id, one.defaultValue]));
  const final = finalOptions(facts, level);
  expect(chip.debug.writeOptionBytes(changedOptions(options, final))).toBe('ok');
  chip.powerOff();
  return chip;
}

const first = async (chip: VirtualChip, secrets = list()) => {
  const plug = await chain.plugIn(chip);
  const outcome = await chain.try(
    ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--via', 'written', '--socket', plug.socket],
    ...['--enrolment-list', secrets],
  );
  return { plug, outcome };
};

describe('a list of secrets', () => {
  it('is a row for each chip, and the same bytes for a SEGGER Flasher; nobody else may read it', () => {
    const lines = readFileSync(list(), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(4);
    const segger = readFileSync(`${chain.at('agent.hex')}.snlist.txt`, 'utf8')
      .trim()
      .split('\n');
    expect(segger).toEqual(lines.slice(1).map((line) => line.split(',')[2]));
    expect(new Set(segger).size).toBe(3);
    if (process.platform !== 'win32') expect(statSync(list()).mode & 0o777).toBe(0o600);
  });

  it('is refused for a chip without a random generator', async () => {
    const outcome = await chain.try(
      ...['agent', 'export', '--chip', 'stm32g0b1', '--out', chain.at('g0.hex'), '--enrol', '1'],
    );
    expect(outcome.stderr).toContain('unwitnessed-needs-generator');
  });
});

it('a chip of the list, in machine code, gets its identity, installs, and its receipt says ENROLLED', async () => {
  const file = chain.at('agent.hex');
  const exported = readImage(readFileSync(file), { fileName: file }).segments as readonly Segment[];
  const secret = rowOf(list(), 0);
  const chip = programmed('enrolled', exported, secret, 2);
  if (!isWhole) computeCryptoHere(chip, buildMachineCode(targetOf(id)));
  const { plug, outcome } = await first(chip);
  expect([outcome.status, outcome.stderr]).toEqual([0, '']);
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
  const flash = Buffer.from(chip.judge.flash(facts.flash.addressStart, facts.flash.sizeBytes));
  expect(flash.includes(Buffer.from(secret.subarray(24, 56)))).toBe(false);
  const sealed = chain.at('enrolled.seal');
  await chain.run(...chain.sealWords(id, sealed));
  const order = await chain.openJob(sealed, 'enrolled', '--accept', 'ENROLLED');
  const installed = await chain.try('install', ...chain.lineWords(order, plug), '--json');
  expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: 'enrolled' }));
  expect(installed.status).toBe(22);
  await chain.audit();
});

describe('is refused', () => {
  it('a second chip with a secret that was used', async () => {
    const { outcome } = await first(programmed('twice', webAssembly, rowOf(list(), 0), 2));
    expect(outcome.stderr).toContain('enrolment-used');
  });

  it('a chip of another list', async () => {
    const other = chain.at('other.hex');
    await chain.run('agent', 'export', '--chip', id, '--out', other, '--enrol', '1');
    const chip = programmed('another list', webAssembly, rowOf(`${other}.enrolment.csv`, 0), 2);
    expect((await first(chip)).outcome.stderr).toContain('enrolment-unknown');
  });

  it('a chip that names a secret and does not hold it', async () => {
    const block = rowOf(list(), 1).slice();
    const view = new DataView(block.buffer);
    block[30]! ^= 1;
    view.setUint32(60, crc32(block.subarray(0, 60)), true);
    const { outcome } = await first(programmed('forged', webAssembly, block, 2));
    expect(outcome.stderr).toContain('enrolment-proof-wrong');
  });

  it('a chip whose secret could be read, since its level was not set', async () => {
    const { outcome } = await first(programmed('open', webAssembly, rowOf(list(), 2), 0));
    expect(outcome.stderr).toContain('protection-not-in-force');
    expect(readFileSync(`${list()}.used`, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('a way that would write the chip again', async () => {
    const outcome = await chain.try(
      ...['personalize', '--chip', id, '--product', 'panel', '--root-key', chain.at('root.key.pub')],
      ...['--device-ca', chain.at('ca.key'), '--via', 'tcp:127.0.0.1:9', '--enrolment-list', list()],
    );
    expect(outcome.stderr).toContain('enrolment-way');
  });
});
