// Personalization on virtual chips with the real agent, and what it refuses when one
// answer is not what it must be.

import { AgentClient } from '@firmseal/agent-client';
import { boardPart, findBoard } from '@firmseal/boards';
import { findChip, optionField, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { makeDelegation } from '@firmseal/formats';
import { systemClock } from '@firmseal/link';
import { type DebugProbe, openProbeProgrammer } from '@firmseal/programming';
import { createBlankChip, inProcessProbe, openChipLink } from '@firmseal/virtual-line';
import { agentImage, type VirtualChip } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { type PersonalizeOptions, personalizeChip } from './personalize.ts';

const facts = findChip('stm32f427');
const root = nodeCrypto.generateP256();
const ca = nodeCrypto.generateP256();
let module: Uint8Array;
beforeAll(async () => {
  module = await buildAgent('stm32f427');
});

const probeOf = inProcessProbe;

let made = 0;
function optionsFor(changes: (chip: VirtualChip) => Partial<PersonalizeOptions> = () => ({})) {
  const chip = createBlankChip('stm32f427', `personalization/${made++}`);
  const options: PersonalizeOptions = {
    crypto: nodeCrypto,
    chip: facts,
    clock: systemClock,
    openProgrammer: () => openProbeProgrammer(facts, probeOf(chip)),
    openAgent: async () => {
      const stream = openChipLink(chip);
      return {
        agent: await AgentClient.connect({ stream, clock: systemClock }),
        close: () => stream.close(),
      };
    },
    agentImage: agentImage(module, facts),
    rootPublicKey: root.publicKey,
    product: 'panel',
    epoch: 3,
    level: 2,
    deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
    validFrom: new Date('2026-01-01T00:00:00Z'),
  };
  return { chip, options: { ...options, ...changes(chip) } };
}

describe('personalization', () => {
  it.each([0, 1, 2] as const)('leaves a chip with identity and level %i', async (level) => {
    const { chip, options } = optionsFor(() => ({ level }));
    const steps: string[] = [];
    const { device, uniqueId } = await personalizeChip({ ...options, onStep: (step) => steps.push(step) });
    expect(steps).toEqual(['agent-written', 'identity-made', 'certified', 'protected']);
    expect(device).toMatchObject({ product: 'panel', chipId: 'stm32f427' });
    expect(uniqueId).toEqual(chip.uid);
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(level);
  });

  it('names the agent signer in the data of the anchor, by the word of that root alone', async () => {
    const signer = nodeCrypto.generateP256().publicKey;
    const delegateBy = ({ publicKey, privateKey }: typeof root) =>
      makeDelegation(
        nodeCrypto,
        { publicKey, sign: (message) => nodeCrypto.signEs256(privateKey, message) },
        { role: 'agent-signer', publicKey: signer, product: 'panel', counterCap: 20, epoch: 3 },
      );
    const { chip, options } = optionsFor(() => ({ level: 0 }));
    const others = { ...options, agentDelegation: await delegateBy(nodeCrypto.generateP256()) };
    await expect(personalizeChip(others)).rejects.toMatchObject({ code: 'delegation-signature-invalid' });
    expect(chip.power.operations).toBe(0);
    await personalizeChip({ ...options, agentDelegation: await delegateBy(root) });
    const block = chip.judge.flash(facts.layout.anchorData.addressStart, 256);
    expect([block[4], block.slice(162, 227), block[228]]).toEqual([2, signer, 20]);
  });

  it('leaves nothing in flash of what was there before', async () => {
    const { chip, options } = optionsFor();
    const [first, last] = [facts.flash.eraseUnits[0]!, facts.flash.eraseUnits.at(-1)!];
    const inBank2 = facts.flash.banks[1]!.addressStart;
    const places = [first.addressStart + first.sizeBytes - 64, inBank2, last.addressStart];
    chip.powerOn();
    chip.debug.connect();
    for (const place of places)
      expect(chip.debug.programFlash(place, new Uint8Array(64).fill(0x55))).toBe('ok');
    await personalizeChip(options);
    for (const place of places) expect(chip.judge.flash(place, 64)).not.toContain(0x55);
  });

  it('stops when the agent does not read back as it was written', async () => {
    const { chip, options } = optionsFor((one) => {
      const probe = probeOf(one);
      const readMemory: DebugProbe['readMemory'] = async (at, n) =>
        (await probe.readMemory(at, n)).map((b, i) => (n > 1000 && i === 9 ? b ^ 1 : b));
      return { openProgrammer: () => openProbeProgrammer(facts, { ...probe, readMemory }) };
    });
    await expect(personalizeChip(options)).rejects.toMatchObject({ code: 'agent-write-failed' });
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(0);
  });

  it('does not certify keys whose proof of possession is another chip’s', async () => {
    const other = optionsFor();
    await personalizeChip({ ...other.options, level: 0 });
    const { options } = optionsFor();
    const openAgent: PersonalizeOptions['openAgent'] = async () => {
      const { agent, close } = await options.openAgent();
      const swapped = Object.create(agent) as AgentClient;
      swapped.personalizeBegin = async (begin) => {
        const answer = await agent.personalizeBegin(begin);
        return { ...answer, signingKey: answer.kemKey };
      };
      Object.defineProperty(swapped, 'info', { get: () => agent.info });
      return { agent: swapped, close };
    };
    await expect(personalizeChip({ ...options, openAgent })).rejects.toMatchObject({
      code: 'hello-signature-invalid',
    });
  });

  it('does not let a chip go whose protection is not in force', async () => {
    const { options } = optionsFor();
    const openAgent: PersonalizeOptions['openAgent'] = async () => {
      const { agent, close } = await options.openAgent();
      const careless = Object.create(agent) as AgentClient;
      careless.personalizeFinish = (finish) => agent.personalizeFinish({ ...finish, optionBytes: [] });
      careless.personalizeBegin = (begin) => agent.personalizeBegin(begin);
      careless.hello = (challenge) => agent.hello(challenge);
      Object.defineProperty(careless, 'info', { get: () => agent.info });
      return { agent: careless, close };
    };
    await expect(personalizeChip({ ...options, openAgent })).rejects.toMatchObject({
      code: 'protection-not-in-force',
      fields: { wanted: 2, found: 0 },
    });
  });

  it('stops at a chip that does not let itself be erased', async () => {
    const { chip, options } = optionsFor(() => ({ level: 0 }));
    await personalizeChip(options);
    const probe = { ...probeOf(chip), eraseUnit: async () => undefined };
    const openProgrammer = () => openProbeProgrammer(facts, probe);
    await expect(personalizeChip({ ...options, openProgrammer })).rejects.toMatchObject({
      code: 'erase-not-done',
    });
  });

  it('confirms a chip that an earlier run finished, and nobody else’s', async () => {
    const { options } = optionsFor();
    const first = await personalizeChip(options);
    const steps: string[] = [];
    const again = await personalizeChip({ ...options, onStep: (step) => steps.push(step) });
    expect(again.device).toEqual(first.device);
    expect(steps).toEqual(['finished-before']);
    const stranger = nodeCrypto.generateP256();
    const other = {
      publicKey: stranger.publicKey,
      sign: (message: Uint8Array) => nodeCrypto.signEs256(stranger.privateKey, message),
    };
    await expect(personalizeChip({ ...options, deviceCa: other })).rejects.toMatchObject({
      code: 'probe-refused',
    });
  });

  it('erases a chip at level 1 where that was confirmed, and refuses it otherwise', async () => {
    const { chip, options } = optionsFor();
    await personalizeChip({ ...options, level: 1 });
    await expect(personalizeChip({ ...options, product: 'another' })).rejects.toMatchObject({
      code: 'chip-protected',
    });
    const { device } = await personalizeChip({ ...options, product: 'another', eraseProtected: true });
    expect(device.product).toBe('another');
    expect(readoutLevel(facts, chip.judge.optionsLoaded)).toBe(2);
  });

  it('sets the brown-out level of the board’s supply and writes its settings', async () => {
    const board = findBoard('nucleo-f429zi');
    const part = boardPart(board.settings, facts);
    const { chip, options } = optionsFor();
    const agentImage = [...options.agentImage, part];
    await personalizeChip({ ...options, agentImage, leastMillivolts: board.settings.supply.leastMillivolts });
    expect(chip.judge.flash(part.address, 64)).toEqual(part.bytes);
    expect(optionField(facts, chip.judge.optionsLoaded, 'BOR_LEV')).toBe(0);
  });
});
