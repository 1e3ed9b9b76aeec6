// A chip on which another programmer wrote the exported agent: it makes its identity all the same. A
// simulated core executes every instruction, in a sample but those of the cryptography; nothing here ran on
// silicon.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { bootOptions, changedOptions, findChip, readoutLevel } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import {
  createVirtualChip,
  machineCode,
  probeTarget,
  StlinkCommands,
  serveStlink,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildShipping } from '../../../device/agent/build-shipping.ts';
import { targetOf } from '../../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../../device/agent/toolchain/thumb.ts';
import { computeCryptoHere } from '../../../lab/power/bench.ts';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { lackingTool } from '../../../tools/test-report/skip-tests.ts';
import { readPublicKey } from '../src/public-key-file.ts';
import { Chain } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chain = new Chain();
beforeAll(async () => {
  buildShipping({ only: ['stm32h743', 'stm32u575'] });
  await chain.begin();
});
afterAll(() => chain.end());

const blank = (id: string) =>
  createVirtualChip({ chip: id, seed: `machine code chips/${id}`, executors: [machineCode()] });

/** Runs a printed line of OpenOCD, with the ST-LINK of a virtual chip in place of one on USB. */
async function runPrinted(line: string, chip: VirtualChip): Promise<string> {
  const server = await serveStlink(new StlinkCommands(probeTarget(chip)));
  const adapter = [
    ...['adapter driver st-link', `st-link backend tcp ${(server.address() as AddressInfo).port}`],
    ...['st-link vid_pid 0x0483 0x3748', 'transport select dapdirect_swd', 'tcl_port disabled'],
    ...['gdb_port disabled', 'telnet_port disabled'],
  ];
  const words = adapter.map((one) => `-c "${one}"`).join(' ');
  const child = spawn('sh', ['-c', `${line.trim().replace('-f interface/stlink.cfg', words)} 2>&1`]);
  try {
    return await text(child.stdout);
  } finally {
    server.close();
  }
}

it.for(['stm32h743', 'stm32u575'])(
  'the printed line of OpenOCD writes the agent of %s and its option bytes',
  async (id, context) => {
    const lack = lackingTool(['openocd']);
    if (lack !== undefined) return context.skip(lack);
    const facts = findChip(id);
    const file = chain.at(`${id}.hex`);
    const { stdout } = await chain.run('agent', 'export', '--chip', id, '--out', file);
    const line = stdout.split('\n').find((one) => one.trim().startsWith('openocd '))!;
    const chip = blank(id);
    chip.powerOn();
    const printed = await runPrinted(line, chip);
    for (const { address, bytes } of readImage(readFileSync(file), { fileName: file }).segments)
      expect(Buffer.compare(chip.judge.flash(address, bytes.length), bytes), printed).toBe(0);
    chip.powerOff();
    chip.powerOn();
    const stored = chip.judge.optionsLoaded;
    expect(changedOptions(new Map(stored), bootOptions(facts)), printed).toEqual(new Map());
    return;
  },
);

describe('whose agents a chip takes that is written from the file', () => {
  const id = 'stm32h743';
  const { addressStart } = findChip(id).layout.anchorData;
  const exporting = (name: string, ...words: string[]) =>
    chain.try('agent', 'export', '--chip', id, '--out', chain.at(name), ...words);
  const blockIn = (name: string): Uint8Array =>
    readImage(readFileSync(chain.at(name)), { fileName: chain.at(name) }).segments.find(
      (segment) => segment.address === addressStart,
    )!.bytes;
  const product = ['--product', 'panel'];
  const owner = () => ['--root-key', chain.at('root.key.pub'), ...product];

  it('nobody’s beside the first one, where no root is given, and the command says so', async () => {
    const { stdout } = await exporting('nobody.hex');
    expect(stdout).toContain('names no root: a chip that is written with it keeps this agent for good');
    expect(blockIn('nobody.hex').subarray(64, 162)).toEqual(new Uint8Array(98));
  });

  it('those of the root, the product and the agent signer that are given', async () => {
    await chain.run('keys', 'new', '--role', 'agent-signer', '--out', chain.at('agent.key'));
    await chain.run(
      ...['keys', 'delegate', '--root', chain.at('root.key'), '--role', 'agent-signer', ...product],
      ...[
        '--key',
        chain.at('agent.key.pub'),
        '--counter-cap',
        '20',
        '--epoch',
        '1',
        '--out',
        chain.at('agent.delegation'),
      ],
    );
    const signers = ['--agent-delegation', chain.at('agent.delegation')];
    const { status, stdout } = await exporting('owned.hex', ...owner(), '--epoch', '1', ...signers, '--json');
    expect(status).toBe(0);
    expect(jsonLines({ stdout })[0]).toMatchObject({
      owner: { product: 'panel', epoch: 1, agentSigner: true },
    });
    const rootPublicKey = readPublicKey(chain.at('root.key.pub'));
    const block = blockIn('owned.hex');
    expect(block.subarray(64, 129)).toEqual(rootPublicKey);
    expect(block.subarray(162, 227)).toEqual(readPublicKey(chain.at('agent.key.pub')));
    expect(block[8]).toBe(1);
  });

  it('is refused in part, with a delegation by another root, and nothing is written', async () => {
    for (const words of [product, ['--root-key', chain.at('root.key.pub')], ['--epoch', '1']])
      expect((await exporting('refused.hex', ...words)).stderr).toContain('agent-owner-incomplete');
    const signers = ['--agent-delegation', chain.at('signer.delegation')];
    expect((await exporting('refused.hex', ...owner(), ...signers)).stderr).toContain(
      'delegation-role-wrong',
    );
    expect(existsSync(chain.at('refused.hex'))).toBe(false);
  });
});

it('the agent that another programmer wrote from the exported file makes its identity', async () => {
  const [id, facts] = ['stm32h743', findChip('stm32h743')];
  const file = chain.at('agent.hex');
  const { stdout } = await chain.run('agent', 'export', '--chip', id, '--out', file, '--json');
  expect(jsonLines({ stdout })[0]).toMatchObject({ bootOptions: [{ name: 'SWAP_BANK_OPT' }, {}, {}] });

  const chip = blank(`${id}`);
  chip.powerOn();
  chip.debug.connect();
  for (const { address, bytes } of readImage(readFileSync(file), { fileName: file }).segments) {
    const whole = new Uint8Array(Math.ceil(bytes.length / facts.write.unitBytes) * facts.write.unitBytes);
    whole.fill(0xff);
    whole.set(bytes);
    expect(chip.debug.programFlash(address, whole)).toBe('ok');
  }
  const options = new Map(facts.options.registers.map((one) => [one.id, one.defaultValue]));
  expect(chip.debug.writeOptionBytes(changedOptions(options, bootOptions(facts)))).toBe('ok');
  chip.powerOff();
  if (!isWhole) computeCryptoHere(chip, buildAgent(targetOf(id)));

  await chain.personalize(id, { ...(await chain.plugIn(chip)), via: 'written' });
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
});
