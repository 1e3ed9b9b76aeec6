// Every chip that has an agent through the commands: seal, personalize, install, audit. What
// plays the agent here is its WebAssembly build; lab/ways/ways.arm.test.ts does the same with
// the machine code that ships.

import { agentBuilds, chipIds, findChip, readoutLevel } from '@firmseal/chips';
import { createBlankChip } from '@firmseal/virtual-line';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { Chain, product } from './chain.ts';
import { jsonLines } from './run-here.ts';

const chain = new Chain();
beforeAll(() => chain.begin());
afterAll(() => chain.end());

const withAgent = chipIds().filter((id) => agentBuilds(findChip(id)).length > 0);
/** Of F4, parts that other suites of the commands do not take. */
const some = withAgent.filter((id) => !['stm32f427', 'stm32f405', 'stm32f446'].includes(id));

describe.each(sampled(withAgent, some))('%s', (id) => {
  it('is sealed for, personalized and installed, and the audit finds no contradiction', async () => {
    const chip = createBlankChip(id, `every chip/${id}`);
    const plug = await chain.plugIn(chip);
    const order = await chain.order(id);
    await chain.personalize(id, plug);
    expect(readoutLevel(findChip(id), chip.judge.optionsLoaded)).toBe(2);
    const installed = await chain.install(order, plug);
    expect(jsonLines(installed)).toContainEqual(expect.objectContaining({ outcome: 'pass' }));
    // The jig lets go of the pin that asks for the agent, and power comes back.
    chip.setPin('agent-request', false);
    chip.powerOff();
    chip.powerOn();
    expect(chip.bootedApplication).toBeDefined();
    await chain.audit();
  });
});

it('a chip without an agent is refused by init, seal, personalize, demo and agent export, by its name', async () => {
  const desk = ['--product', product, '--root-key', chain.at('root.key.pub')];
  for (const words of [
    [
      ...['seal', chain.at('any.bin'), ...desk, '--firmware-version', '1', '--counter', '1'],
      ...['--signer', chain.at('signer.key'), '--delegation', chain.at('signer.delegation')],
      ...['--authority-key', chain.at('authority/kem.key.pub'), '--out', chain.at('any.seal')],
    ],
    [
      ...['personalize', ...desk, '--device-ca', chain.at('ca.key'), '--level', '0'],
      ...['--via', 'virtual:127.0.0.1:9', '--socket', 'tcp:127.0.0.1:9'],
    ],
    ['demo'],
    ['agent', 'export', '--out', chain.at('agent.hex')],
    ['init', chain.at('authority'), '--product', product],
  ]) {
    const { status, stderr } = await chain.try(...words, '--chip', 'stm32h563');
    expect(status, words[0]).toBe(3);
    expect(stderr).toContain('no agent for stm32h563');
    expect(stderr).toContain('can still be programmed in plain');
  }
});

it('a chip that is personalized twice keeps its identity, and one of another product is refused; the command ends by itself', async () => {
  const id = 'stm32f427';
  const plug = await chain.plugIn(createBlankChip(id, 'every chip/twice'));
  const again = (name: string) =>
    chain.runProcess([
      ...['personalize', '--chip', id, '--product', name, '--root-key', chain.at('root.key.pub'), '--json'],
      ...['--device-ca', chain.at('ca.key'), '--level', '2', '--confirm-permanent'],
      ...['--via', plug.via, '--socket', plug.socket],
    ]);
  const first = jsonLines(await chain.personalize(id, plug, '--json')).at(-1);
  const second = await again(product);
  expect(second.status, second.stderr).toBe(0);
  expect(jsonLines(second)).toEqual([expect.objectContaining({ step: 'finished-before' }), first]);
  expect(await again('another')).toMatchObject({
    status: 14,
    stderr: expect.stringContaining('probe-refused'),
  });
});

it('a line that does not open is found before the chip is erased', async () => {
  const chip = createBlankChip('stm32f427', 'every chip/no line');
  const { via } = await chain.plugIn(chip);
  let operations = 0;
  chip.power.onOperation = () => void operations++;
  const { status } = await chain.try(
    ...['personalize', '--chip', 'stm32f427', '--product', product, '--root-key', chain.at('root.key.pub')],
    ...['--device-ca', chain.at('ca.key'), '--level', '0', '--via', via, '--socket', 'tcp:127.0.0.1:9'],
  );
  expect(status).not.toBe(0);
  expect(operations).toBe(0);
});
