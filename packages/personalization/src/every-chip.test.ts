// Every chip that has an agent, from blank to personalized, by nothing but personalizeChip: boot address,
// seed and options are its work. And what it refuses before it changes anything.

import { AgentClient } from '@firmseal/agent-client';
import { brownOutMillivolts, type Chip, findChip, readoutLevel, withOptionField } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { systemClock } from '@firmseal/link';
import { openProbeProgrammer } from '@firmseal/programming';
import { createBlankChip, inProcessProbe, openChipLink } from '@firmseal/virtual-line';
import { agentImage, createVirtualChip, type VirtualChip, wasmAgent } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { type PersonalizeOptions, personalizeChip } from './personalize.ts';
import { writeAgent } from './write-agent.ts';

const root = nodeCrypto.generateP256();
const ca = nodeCrypto.generateP256();

async function optionsFor(chip: VirtualChip, facts: Chip, level: 0 | 1 | 2): Promise<PersonalizeOptions> {
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
    level,
    deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
    validFrom: new Date('2026-01-01T00:00:00Z'),
  };
}

const chips = ['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575', 'stm32f405', 'stm32l476'];

describe.each(chips)('%s', (id) => {
  const facts = findChip(id);

  it('gets agent, identity and level 2', async () => {
    const chip = createBlankChip(id, `every chip/${id}`);
    const options = { ...(await optionsFor(chip, facts, 2)), leastMillivolts: 3000 };
    const { device } = await personalizeChip(options);
    expect(device.chipId).toBe(id);
    // The highest level that a supply of 3.0 V never reaches.
    expect(brownOutMillivolts(facts, chip.judge.optionsLoaded)).toBeGreaterThanOrEqual(2700);
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
  });

  it('is personalized a second time after a first one below level 1, whose write protection is taken back', async () => {
    const chip = createBlankChip(id, `twice/${id}`);
    const options = await optionsFor(chip, facts, 0);
    const first = await personalizeChip(options);
    const second = await personalizeChip(options);
    expect(second.device.thumbprint).not.toEqual(first.device.thumbprint);
  });
});

it('stm32f427: a board without settings gets a brown-out level below the least that the agent bears', async () => {
  const facts = findChip('stm32f427');
  const chip = createBlankChip(facts.id, 'no settings');
  await personalizeChip(await optionsFor(chip, facts, 0));
  expect(brownOutMillivolts(facts, chip.judge.optionsLoaded)).toBe(2400);
});

/** D5: a key that somebody set before the chip came here. */
describe('stm32u575 with somebody else’s key of a readout level', () => {
  const facts = findChip('stm32u575');
  const withKey = (name: 'OEM1' | 'OEM2'): VirtualChip => {
    const blank = createBlankChip(facts.id, `key/${name}`);
    const levelKeys = new Map([[name, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)]]);
    return createVirtualChip({
      ...{ chip: facts.id, seed: `key/${name}`, executors: [wasmAgent(nodeCrypto)] },
      kept: { ...blank.keep(), levelKeys },
    });
  };

  it.each(['OEM1', 'OEM2'] as const)('%s: gets no certificate, and no readout level', async (name) => {
    const chip = withKey(name);
    let certified = 0;
    const options = { ...(await optionsFor(chip, facts, 2)), beforeCertified: () => void certified++ };
    await expect(personalizeChip(options)).rejects.toMatchObject({ code: 'level-key-set' });
    expect(certified).toBe(0);
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(0);
  });

  it('unwitnessed, where level 2 comes first: no certificate either', async () => {
    const chip = withKey('OEM2');
    const origin = { kind: 'unwitnessed', rehearsal: false } as const;
    const options = { ...(await optionsFor(chip, facts, 2)), origin };
    await expect(personalizeChip(options)).rejects.toMatchObject({ code: 'level-key-set' });
    // Its key opens it again: nothing secret is in it.
    expect(chip.debug.giveLevelKey(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toBe('opened');
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(1);
  });
});

/** D5 on a chip of product states. It has no agent; what any agent would be written by refuses it. */
describe('stm32h563 that somebody began to provision', () => {
  const facts = findChip('stm32h563');
  const password = new TextEncoder().encode('sixteen letters!');
  const image = [{ address: facts.layout.anchor.addressStart, bytes: new Uint8Array(64).fill(1) }];
  const setState = (chip: VirtualChip, value: number): void => {
    const { field: name } = facts.readoutProtection;
    chip.debug.connect();
    const asked = withOptionField(facts, chip.judge.optionsStored, { name, value });
    expect(chip.debug.writeOptionBytes(asked)).toBe('ok');
    chip.powerOff();
    chip.powerOn();
  };
  const withPassword = (): VirtualChip => {
    const chip = createVirtualChip({ chip: facts.id, seed: 'provisioned' });
    chip.powerOn();
    setState(chip, 0x17);
    expect(chip.debug.storePassword(password)).toBe('ok');
    return chip;
  };

  it.each([
    ['provisioning', 0x17],
    ['irot-provisioned', 0x2e],
    ['tz-closed', 0xc6],
  ])('%s: refused before anything is changed, also where erasing is allowed', async (state, value) => {
    const chip = withPassword();
    if (value !== 0x17) setState(chip, value);
    let operations = 0;
    chip.power.onOperation = () => void operations++;
    const programmer = await openProbeProgrammer(facts, inProcessProbe(chip));
    expect(await programmer.identify()).toMatchObject({ productState: state, readProtected: false });
    await expect(writeAgent(programmer, { image, eraseProtected: true })).rejects.toMatchObject({
      code: 'product-state-not-open',
      fields: { chip: facts.id, state },
    });
    expect(operations).toBe(0);
  });

  it('closed: its silence is named; its password erases and opens it, and the agent can be written', async () => {
    const chip = withPassword();
    setState(chip, 0x72);
    await expect(openProbeProgrammer(facts, inProcessProbe(chip))).rejects.toMatchObject({
      code: 'product-state-silent',
      cause: { code: 'probe-refused' },
    });
    expect(chip.debug.authenticate(password)).toBe('opened');
    const programmer = await openProbeProgrammer(facts, inProcessProbe(chip));
    await writeAgent(programmer, { image });
    expect(chip.judge.flash(image[0]!.address, 64)).toEqual(image[0]!.bytes);
  });
});

describe('refused before anything is changed', () => {
  const operations = (chip: VirtualChip) => {
    let count = 0;
    chip.power.onOperation = () => void count++;
    return () => count;
  };

  it.each([
    ['stm32f427', 'stm32h743', 'stm32f427 or stm32f427xg'],
    ['stm32h743', 'stm32f427', 'stm32h743'],
    ['stm32g0b1', 'stm32u575', 'stm32g0b1'],
  ])('a %s where %s is named', async (connected, named, found) => {
    const chip = createBlankChip(connected, 'another');
    const count = operations(chip);
    await expect(personalizeChip(await optionsFor(chip, findChip(named), 2))).rejects.toMatchObject({
      code: 'chip-is-another',
      fields: { chip: named, found },
    });
    expect(count()).toBe(0);
  });

  it('a part with less flash', async () => {
    const chip = createBlankChip('stm32f427', 'smaller');
    const facts = findChip('stm32f427');
    const small = { ...inProcessProbe(chip), readMemory: async () => Uint8Array.of(0x00, 0x04) };
    const openProgrammer = () => openProbeProgrammer(facts, small);
    await expect(
      personalizeChip({ ...(await optionsFor(chip, facts, 2)), openProgrammer }),
    ).rejects.toMatchObject({
      code: 'chip-flash-smaller',
      fields: { sizeKiB: 1024, wantedKiB: 2048 },
    });
  });

  it('a chip at level 1', async () => {
    const chip = createBlankChip('stm32f427', 'protected');
    await personalizeChip(await optionsFor(chip, findChip('stm32f427'), 1));
    const count = operations(chip);
    const another = { ...(await optionsFor(chip, findChip('stm32f427'), 2)), product: 'another' };
    await expect(personalizeChip(another)).rejects.toMatchObject({
      code: 'chip-protected',
      fields: { level: 1 },
    });
    expect(count()).toBe(0);
  });
});
