// An agent is replaced through the commands: seal, job, install, receipt file, audit. The
// application that stood stands and boots.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { intelHexLines } from '@firmseal/image';
import { createBlankChip } from '@firmseal/virtual-line';
import { agentImage } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildAgentOfVersion } from '../../../device/agent/build.ts';
import { Chain, product } from './chain.ts';
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
