// An agent is replaced through the commands: seal, job, install, receipt file, audit. The
// application that stood stands and boots.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnchorOwner, anchorPart } from '@firmseal/agent-image';
import { bootOptions, changedOptions, findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { intelHexLines } from '@firmseal/image';
import { createBlankChip } from '@firmseal/virtual-line';
import { agentImage, createVirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent, buildAgentOfVersion } from '../../../device/agent/build.ts';
import { readPublicKey } from '../src/public-key-file.ts';
import { Chain, type Plug, product } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chipId = 'stm32u575';
const chain = new Chain();
const at = (name: string) => chain.at(name);

beforeAll(async () => {
  await chain.begin();
  await chain.run('keys', 'new', '--role', 'agent-signer', '--out', at('agent.key'));
  await chain.run(
    ...['keys', 'delegate', '--root', at('root.key'), '--role', 'agent-signer', '--key', at('agent.key.pub')],
    ...['--product', product, '--counter-cap', '20', '--out', at('agent.delegation')],
  );
  const parts = agentImage(await buildAgentOfVersion(chipId, 2), findChip(chipId));
  writeFileSync(at('agent-2.hex'), [...intelHexLines(parts)].join(''));
});
afterAll(() => chain.end());

const sealWords = (out: string, ...words: string[]) => [
  ...['agent', 'seal', '--chip', chipId, '--product', product, '--root-key', at('root.key.pub')],
  ...['--signer', at('signer.key'), '--delegation', at('signer.delegation')],
  ...['--agent-signer', at('agent.key'), '--agent-delegation', at('agent.delegation')],
  ...['--authority-key', at('authority/kem.key.pub'), '--out', at(out), ...words],
];

it('a chip of the field gets another agent, proves it, and keeps its application', async () => {
  const chip = createBlankChip(chipId, 'agent update');
  const plug = await chain.plugIn(chip);
  await chain.personalize(chipId, plug);
  await chain.install(await chain.order(chipId), plug);
  await chain.run(...sealWords('agent.seal', '--image', at('agent-2.hex'), '--agent-version', '2'));
  const shown = await chain.run('inspect', at('agent.seal'), '--root', at('root.key.pub'));
  expect(shown.stdout).toMatch(/area 0: .* bytes, agent, agent counter 2/);
  const order = await chain.openJob(at('agent.seal'), 'agent');
  const installed = jsonLines(await chain.install(order, plug, '--receipts', at('receipts')));
  expect(installed).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
  expect(installed).toContainEqual(expect.objectContaining({ event: 'agent', before: 1, now: 2 }));
  const [kept] = readdirSync(at('receipts'));
  const proof = join(at('receipts'), kept!);
  const verified = await chain.run(
    'verify',
    'receipt',
    proof,
    '--product',
    product,
    '--root-key',
    at('root.key.pub'),
  );
  expect(verified.stdout).toContain('PASS');
  const again = jsonLines(await chain.install(order, plug));
  expect(again).toContainEqual(expect.objectContaining({ event: 'receipt', outcome: 'PASS' }));
  await chain.audit();
  chip.setPin('agent-request', false);
  chip.powerOff();
  chip.powerOn();
  expect(chip.bootedApplication).toBeDefined();
});

const facts = findChip(chipId);
const { anchorData } = facts.layout;

/** Seals and installs the second agent; whether the chip says that it runs it. */
async function updateAgent(name: string, plug: Plug) {
  const sealed = `${name}.seal`;
  await chain.run(...sealWords(sealed, '--image', at('agent-2.hex'), '--agent-version', '2'));
  const order = await chain.openJob(at(sealed), name);
  const { status, stdout } = await chain.try('install', ...chain.lineWords(order, plug), '--json');
  return {
    status,
    stdout,
    replaced: jsonLines({ stdout }).some(({ event, now }) => event === 'agent' && now === 2),
  };
}

describe('personalize --agent-delegation', () => {
  it('writes the agent signer and his cap into the data of the anchor, and his agent is taken', async () => {
    const chip = createBlankChip(chipId, 'agent delegation');
    const plug = await chain.plugIn(chip);
    await chain.personalize(chipId, plug, '--agent-delegation', at('agent.delegation'));
    const block = chip.judge.flash(anchorData.addressStart, 256).slice();
    const view = new DataView(block.buffer);
    expect([view.getUint16(4, true), view.getUint32(228, true)]).toEqual([2, 20]);
    expect(block.subarray(64, 129)).toEqual(readPublicKey(at('root.key.pub')));
    expect(block.subarray(162, 227)).toEqual(readPublicKey(at('agent.key.pub')));
    expect(await updateAgent('signer-known', plug)).toMatchObject({ status: 0, replaced: true });
  });

  it.each([
    ['another role', 'signer.delegation', 'delegation-role-wrong'],
    ['another product', 'kettle.delegation', 'delegation-product-wrong'],
    ['another root', 'stranger.delegation', 'delegation-signature-invalid'],
  ])('refuses a delegation of %s before the chip is erased', async (_, file, code) => {
    const words = ['keys', 'delegate', '--role', 'agent-signer', '--key', at('agent.key.pub')];
    const cap = ['--counter-cap', '20', '--out', at(file)];
    if (file === 'kettle.delegation')
      await chain.run(...words, '--root', at('root.key'), '--product', 'kettle', ...cap);
    if (file === 'stranger.delegation') {
      await chain.run('keys', 'new', '--role', 'root', '--out', at('stranger.key'));
      await chain.run(...words, '--root', at('stranger.key'), '--product', product, ...cap);
    }
    const chip = createBlankChip(chipId, 'refused delegation');
    let operations = 0;
    chip.power.onOperation = () => void operations++;
    const plug = await chain.plugIn(chip);
    const { status, stderr } = await chain.try(
      ...['personalize', '--chip', chipId, '--product', product, '--root-key', at('root.key.pub')],
      ...['--device-ca', at('ca.key'), '--level', '0', '--via', plug.via, '--socket', plug.socket],
      ...['--agent-delegation', at(file)],
    );
    expect([status === 0, operations]).toEqual([false, 0]);
    expect(stderr).toContain(code);
  });
});

describe('a chip that another programmer wrote from an exported agent', () => {
  /** As `agent export` makes it, with the build that plays faster. */
  async function written(seed: string, owner?: AnchorOwner) {
    const chip = createVirtualChip({ chip: chipId, seed, executors: [wasmAgent(nodeCrypto)] });
    chip.powerOn();
    chip.debug.connect();
    const image = agentImage(await buildAgent(chipId), facts);
    for (const { address, bytes } of [...image, anchorPart(nodeCrypto, image, { chip: facts, owner })]) {
      const whole = new Uint8Array(Math.ceil(bytes.length / 16) * 16).fill(0xff);
      whole.set(bytes);
      expect(chip.debug.programFlash(address, whole)).toBe('ok');
    }
    const options = new Map(facts.options.registers.map((one) => [one.id, one.defaultValue]));
    expect(chip.debug.writeOptionBytes(changedOptions(options, bootOptions(facts)))).toBe('ok');
    chip.powerOff();
    const plug = { ...(await chain.plugIn(chip)), via: 'written' };
    await chain.personalize(chipId, plug, '--agent-build', 'webassembly');
    return plug;
  }

  it('takes another agent where the file names its owner', async () => {
    const owner = { rootPublicKey: readPublicKey(at('root.key.pub')), product, epoch: 0 };
    expect(await updateAgent('owned', await written('owned', owner))).toMatchObject({
      ...{ status: 0, replaced: true },
    });
  });

  it('keeps its first agent where the file names nobody', async () => {
    const refused = await updateAgent('unowned', await written('unowned'));
    expect(refused).toMatchObject({ replaced: false });
    expect(refused.stdout).toContain('delegation-signature-invalid');
    expect(refused.status).not.toBe(0);
  });
});

it('what no chip could take is not sealed', async () => {
  const cases: readonly (readonly [string, string[]])[] = [
    ['FS0525', ['--image', at('agent-2.hex')]],
    ['FS0603', ['--image', at(`${chipId}.bin`), '--agent-version', '2']],
    ['FS0526', ['--image', at('agent-2.hex'), '--agent-version', '2', '--chip', 'stm32h743']],
    ['cap', ['--image', at('agent-2.hex'), '--agent-version', '21']],
  ];
  for (const [code, words] of cases) {
    const { status, stderr } = await chain.try(...sealWords('refused.seal', ...words));
    expect(status, code).not.toBe(0);
    expect(stderr).toContain(code);
  }
});
