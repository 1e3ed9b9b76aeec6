// Personalization with a device CA at another place, which may refuse at any of its answers: before a chip is
// touched, before its keys, before its certificate. The same options end well later.

import { AgentClient } from '@firmseal/agent-client';
import { issueDeviceCertificate } from '@firmseal/certificate';
import { findChip, readoutLevel } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, type Origin, thumbprintOf } from '@firmseal/formats';
import { verifyHello } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { openProbeProgrammer } from '@firmseal/programming';
import { createBlankChip, inProcessProbe, openChipLink } from '@firmseal/virtual-line';
import { agentImage } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import type { RemoteDeviceCa } from './device-ca.ts';
import { type PersonalizeOptions, personalizeChip } from './personalize.ts';

const id = 'stm32f427';
const facts = findChip(id);
const crypto = nodeCrypto;
let module: Uint8Array;
beforeAll(async () => {
  module = await buildAgent(id);
});

const validFrom = new Date('2026-01-01T00:00:00Z');
const refused = () => new Fault('site-cap-used', { site: 'hall', product: 'panel', certified: 1, cap: 1 });

/** Certifies by its key, and refuses at the answer that is named. */
class FarCa implements RemoteDeviceCa {
  readonly #key = crypto.generateP256();
  readonly publicKeys = [this.#key.publicKey];
  readonly asked: string[] = [];
  /** How many more challenges and certificates it gives. */
  challenges = Number.POSITIVE_INFINITY;
  certificates = Number.POSITIVE_INFINITY;
  #challenge = new Uint8Array(0);

  async challenge() {
    this.asked.push('challenge');
    if (this.challenges-- <= 0) throw refused();
    this.#challenge = crypto.randomBytes(32);
    return this.#challenge;
  }

  async certify({ device, hello, challenge }: Parameters<RemoteDeviceCa['certify']>[0]) {
    this.asked.push('certificate');
    expect(challenge).toEqual(this.#challenge);
    expect(verifyHello(crypto, { hello, device, challenge }).lifeCycle).toBe('blank');
    if (this.certificates-- <= 0) throw refused();
    return this.sign(device);
  }

  sign(device: DevicePublic) {
    const signer = {
      publicKey: this.#key.publicKey,
      sign: (message: Uint8Array) => crypto.signEs256(this.#key.privateKey, message),
    };
    return issueDeviceCertificate(crypto, { device, signer, notBefore: validFrom });
  }
}

let made = 0;
function bench(origin: Origin = { kind: 'witnessed', rehearsal: false }) {
  const chip = createBlankChip(id, `far ca/${made++}`);
  const deviceCa = new FarCa();
  const options: PersonalizeOptions = {
    ...{ crypto, chip: facts, clock: systemClock, deviceCa, origin, validFrom },
    openProgrammer: () => openProbeProgrammer(facts, inProcessProbe(chip)),
    openAgent: async () => {
      const stream = openChipLink(chip);
      const agent = await AgentClient.connect({ stream, clock: systemClock });
      return { agent, close: () => stream.close() };
    },
    agentImage: agentImage(module, facts),
    ...{ rootPublicKey: crypto.generateP256().publicKey, product: 'panel', epoch: 0, level: 2 },
  };
  const level = () => readoutLevel(facts, chip.judge.optionsLoaded);
  return { chip, deviceCa, options, level };
}
const unwitnessed: Origin = { kind: 'unwitnessed', rehearsal: false };
const code = 'site-cap-used';

it('is asked before the chip is touched, and again when the chip makes its keys', async () => {
  const { deviceCa, options, level } = bench();
  await personalizeChip({
    ...options,
    onStep: (step) => {
      if (step === 'agent-written') deviceCa.asked.push('written');
    },
  });
  expect(deviceCa.asked).toEqual(['challenge', 'written', 'challenge', 'certificate']);
  expect(level()).toBe(2);
});

describe('a refusal', () => {
  it('at the start has written nothing', async () => {
    const { deviceCa, options, chip } = bench();
    deviceCa.challenges = 0;
    await expect(personalizeChip(options)).rejects.toMatchObject({ code });
    expect(chip.power.operations).toBe(0);
  }, 30_000);

  it.each([
    ['before the keys', { challenges: 1 }],
    ['after the keys', { certificates: 0 }],
  ])('%s leaves a chip that is not locked, and the same run ends well later', async (_, limits) => {
    const { deviceCa, options, level } = bench();
    Object.assign(deviceCa, limits);
    await expect(personalizeChip(options)).rejects.toMatchObject({ code });
    expect(level()).toBe(0);
    Object.assign(deviceCa, { challenges: 9, certificates: 1 });
    await personalizeChip(options);
    expect(level()).toBe(2);
  });

  it.each([
    ['before the keys', { challenges: 1 }],
    ['after the keys', { certificates: 0 }],
  ])('%s of a chip that nobody witnesses leaves one that waits', async (_, limits) => {
    const { deviceCa, options, level } = bench(unwitnessed);
    Object.assign(deviceCa, limits);
    await expect(personalizeChip(options)).rejects.toMatchObject({ code });
    expect(level()).toBe(2); // its protection comes before its keys
    Object.assign(deviceCa, { challenges: 9, certificates: 1 });
    const { device } = await personalizeChip(options);
    expect(device.origin).toEqual(unwitnessed);
  });

  it('of a chip that is finished does not keep it from being confirmed', async () => {
    const { deviceCa, options } = bench();
    const { device } = await personalizeChip(options);
    deviceCa.challenges = 0;
    const steps: string[] = [];
    const again = await personalizeChip({ ...options, onStep: (step) => steps.push(step) });
    expect([steps, again.device.thumbprint]).toEqual([['finished-before'], device.thumbprint]);
  });
});

it('the certificate of other keys locks no chip', async () => {
  const { deviceCa, options, level } = bench();
  const other = [crypto.generateP256().publicKey, crypto.generateP256().publicKey] as const;
  const certify = deviceCa.certify.bind(deviceCa);
  const wrong = {
    ...{ publicKeys: deviceCa.publicKeys, challenge: () => deviceCa.challenge() },
    certify: async (proof: Parameters<RemoteDeviceCa['certify']>[0]) => {
      await certify(proof);
      const [signingKey, kemKey] = other;
      const device = { ...proof.device, signingKey, kemKey, thumbprint: thumbprintOf(crypto, ...other) };
      return deviceCa.sign(device);
    },
  };
  await expect(personalizeChip({ ...options, deviceCa: wrong })).rejects.toMatchObject({
    code: 'personalization-unproven',
  });
  expect(level()).toBe(0);
});
