// Identities that nobody witnesses are made after the protection was set, on every chip with a random
// generator; a run that was cut in between is taken up; a chip without a generator is refused.

import { AgentClient } from '@firmseal/agent-client';
import { type Chip, findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { systemClock } from '@firmseal/link';
import { openProbeProgrammer } from '@firmseal/programming';
import { createBlankChip, inProcessProbe, openChipLink } from '@firmseal/virtual-line';
import { agentImage, type VirtualChip } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import type { OpenAgent } from './await-agent.ts';
import { type PersonalizeOptions, personalizeChip } from './personalize.ts';

const root = nodeCrypto.generateP256();
const ca = nodeCrypto.generateP256();

async function optionsFor(chip: VirtualChip, facts: Chip): Promise<PersonalizeOptions> {
  return {
    crypto: nodeCrypto,
    chip: facts,
    clock: systemClock,
    openProgrammer: () => openProbeProgrammer(facts, inProcessProbe(chip)),
    openAgent: async () => {
      const stream = openChipLink(chip);
      return {
        agent: await AgentClient.connect({ stream, clock: systemClock }),
        close: () => stream.close(),
      };
    },
    agentImage: agentImage(await buildAgent(facts.id), facts),
    rootPublicKey: root.publicKey,
    product: 'panel',
    epoch: 0,
    level: 2,
    origin: { kind: 'unwitnessed', rehearsal: false },
    deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
    validFrom: new Date('2026-01-01T00:00:00Z'),
  };
}

/** The agent with one of its methods played by somebody else. */
const withAgent =
  (openAgent: OpenAgent, change: (agent: AgentClient) => Partial<AgentClient>): OpenAgent =>
  async () => {
    const { agent, close } = await openAgent();
    const get = (target: AgentClient, key: keyof AgentClient) => {
      const changed = change(target)[key];
      if (changed !== undefined) return changed;
      const own = target[key];
      return typeof own === 'function' ? own.bind(target) : own;
    };
    return { agent: new Proxy(agent, { get: get as ProxyHandler<AgentClient>['get'] & {} }), close };
  };

describe.each(['stm32f427', 'stm32h743', 'stm32u575', 'stm32f405', 'stm32l476'])('%s', (id) => {
  const facts = findChip(id);

  it('sets its protection, then makes its keys, then is certified', async () => {
    const chip = createBlankChip(id, `unwitnessed/${id}`);
    const steps: string[] = [];
    const options = await optionsFor(chip, facts);
    const blank = () =>
      chip.judge.flash(facts.layout.identity.addressStart, 64).every((byte) => byte === 0xff);
    const onStep: PersonalizeOptions['onStep'] = (step) => {
      steps.push(step);
      const level = readoutLevel(facts, chip.judge.optionsLoaded);
      if (step !== 'agent-written') expect([step, level]).toEqual([step, 2]);
      if (step !== 'protected') expect(blank()).toBe(true);
    };
    const { device } = await personalizeChip({ ...options, onStep });
    expect(steps).toEqual(['agent-written', 'protected-first', 'identity-made', 'certified', 'protected']);
    expect(device.origin).toEqual({ kind: 'unwitnessed', rehearsal: false });
    expect(blank()).toBe(false);
  });
});

const id = 'stm32u575';
const facts = findChip(id);

it('a run that ended after the protection is taken up where it was', async () => {
  const chip = createBlankChip(id, 'unwitnessed/cut');
  const options = await optionsFor(chip, facts);
  const cut = withAgent(options.openAgent, () => ({
    personalizeBegin: () => Promise.reject(new Error('the cable was pulled')),
  }));
  await expect(personalizeChip({ ...options, openAgent: cut })).rejects.toThrow('the cable was pulled');
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
  const steps: string[] = [];
  const { device } = await personalizeChip({ ...options, onStep: (step) => steps.push(step) });
  expect(steps).toEqual(['protected-first', 'identity-made', 'certified', 'protected'].slice(1));
  const again = await personalizeChip(options);
  expect(again.device.thumbprint).toEqual(device.thumbprint);
});

it('keys that were made before the protection are not certified', async () => {
  const options = await optionsFor(createBlankChip(id, 'unwitnessed/early'), facts);
  const careless = withAgent(options.openAgent, (agent) => ({
    personalizeProtect: () => agent.personalizeProtect([]),
  }));
  const certified: unknown[] = [];
  const beforeCertified = (device: unknown) => void certified.push(device);
  await expect(personalizeChip({ ...options, openAgent: careless, beforeCertified })).rejects.toMatchObject({
    code: 'protection-not-in-force',
    fields: { wanted: 2, found: 0 },
  });
  expect(certified).toEqual([]);
});

it('who refuses an identity keeps it from being certified', async () => {
  const chip = createBlankChip(id, 'unwitnessed/refused');
  const beforeCertified = () => {
    throw new Error('the cap is reached');
  };
  await expect(personalizeChip({ ...(await optionsFor(chip, facts)), beforeCertified })).rejects.toThrow(
    'cap',
  );
  expect(chip.judge.flash(facts.layout.identity.addressStart, 64)).toEqual(new Uint8Array(64).fill(0xff));
});

it('a chip without a random generator is refused before anything is changed', async () => {
  const chip = createBlankChip('stm32g0b1', 'unwitnessed/g0');
  let operations = 0;
  chip.power.onOperation = () => void operations++;
  await expect(personalizeChip(await optionsFor(chip, findChip('stm32g0b1')))).rejects.toMatchObject({
    code: 'unwitnessed-needs-generator',
  });
  expect(operations).toBe(0);
});

it('a rehearsal of it leaves the chip at level 0', async () => {
  const chip = createBlankChip(id, 'unwitnessed/rehearsal');
  const options = await optionsFor(chip, facts);
  const origin = { kind: 'unwitnessed', rehearsal: true } as const;
  const { device } = await personalizeChip({ ...options, origin, level: 0 });
  expect(device.origin).toEqual(origin);
  expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(0);
});
