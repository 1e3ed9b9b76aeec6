// Blocks of secrets; and a PC between chip and CA that gives the chip a root of its own, or other keys.

import { readFileSync } from 'node:fs';
import { AgentClient } from '@firmseal/agent-client';
import { anchorPart } from '@firmseal/agent-image';
import { fromHex, toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { originOf, thumbprintOf } from '@firmseal/formats';
import { systemClock } from '@firmseal/link';
import { createBlankChip, openChipLink } from '@firmseal/virtual-line';
import { agentImage } from '@firmseal/virtual-stm32';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildAgent } from '../../../device/agent/build.ts';
import { decodeEnrolment, encodeEnrolment, enrolmentProof, newEnrolment } from './enrolment.ts';
import { type PersonalizeOptions, personalizeChip } from './personalize.ts';

const facts = findChip('stm32f427');
const root = nodeCrypto.generateP256();
const ca = nodeCrypto.generateP256();
const enrolment = newEnrolment(nodeCrypto);

it('a block is read as it was written, and not with any byte changed', () => {
  const block = encodeEnrolment(enrolment);
  expect(block).toHaveLength(64);
  expect(decodeEnrolment(block)).toEqual(enrolment);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const other = block.slice();
      other[at]! ^= change;
      expect(decodeEnrolment(other)).toBeUndefined();
    }),
  );
  expect(decodeEnrolment(block.subarray(0, 63))).toBeUndefined();
});

interface Case {
  readonly name: string;
  readonly block: string;
  readonly nonce: string;
  readonly epoch: number;
  readonly origin: number;
  readonly product: string;
  readonly id?: string;
  readonly proof?: string;
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/enrolment/prove.json', import.meta.url), 'utf8'),
) as { rootPublicKey: string; signingKey: string; kemKey: string; cases: Case[] };

it.each(vectors.cases)('vector: $name', ({ block, nonce, epoch, origin: number, product, id, proof }) => {
  const found = decodeEnrolment(fromHex(block));
  if (proof === undefined) return expect(found).toBeUndefined();
  const [signingKey, kemKey] = [fromHex(vectors.signingKey), fromHex(vectors.kemKey)];
  const thumbprint = thumbprintOf(nodeCrypto, signingKey, kemKey);
  const origin = originOf(number)!;
  const device = { signingKey, kemKey, thumbprint, chipId: facts.id, product, origin };
  const rootPublicKey = fromHex(vectors.rootPublicKey);
  const claim = { device, rootPublicKey, epoch, nonce: fromHex(nonce) };
  expect(toHex(found!.id)).toBe(id);
  expect(toHex(enrolmentProof(nodeCrypto, found!.secret, claim))).toBe(proof);
});

/** A chip as a programming house leaves it, at level 0 for a rehearsal, and what its owner does. */
async function rehearsal(changes: Partial<PersonalizeOptions> = {}): Promise<PersonalizeOptions> {
  const chip = createBlankChip('stm32f427', 'enrolment');
  chip.powerOn();
  chip.debug.connect();
  const secret = { address: facts.layout.journal[1].addressStart, bytes: encodeEnrolment(enrolment) };
  const image = agentImage(await buildAgent('stm32f427'), facts);
  const block = anchorPart(nodeCrypto, image, { chip: facts });
  for (const { address, bytes } of [...image, block, secret])
    expect(chip.debug.programFlash(address, bytes)).toBe('ok');
  chip.powerOff();
  return {
    crypto: nodeCrypto,
    chip: facts,
    clock: systemClock,
    openAgent: async () => {
      const stream = openChipLink(chip);
      return {
        agent: await AgentClient.connect({ stream, clock: systemClock }),
        close: () => stream.close(),
      };
    },
    agentImage: [],
    rootPublicKey: root.publicKey,
    product: 'panel',
    epoch: 4,
    level: 0,
    origin: { kind: 'enrolled', rehearsal: true },
    enrolmentSecret: () => enrolment.secret,
    deviceCa: { publicKey: ca.publicKey, sign: (message) => nodeCrypto.signEs256(ca.privateKey, message) },
    validFrom: new Date('2026-01-01T00:00:00Z'),
    ...changes,
  };
}

it('a chip that proves its secret is certified, under the id of the secret', async () => {
  const ids: unknown[] = [];
  const beforeCertified = (_: unknown, id: unknown) => void ids.push(id);
  const { device } = await personalizeChip(await rehearsal({ beforeCertified }));
  expect(device.origin).toEqual({ kind: 'enrolled', rehearsal: true });
  expect(ids).toEqual([enrolment.id]);
});

it.each([
  ['root', { rootPublicKey: nodeCrypto.generateP256().publicKey }],
  ['epoch', { epoch: 5 }],
  ['product', { product: 'other' }],
])('a chip that was given another %s on the way is not certified', async (what, changed) => {
  const options = await rehearsal();
  const openAgent: PersonalizeOptions['openAgent'] = async () => {
    const { agent, close } = await options.openAgent();
    const begin = agent.personalizeBegin.bind(agent);
    agent.personalizeBegin = (asked) => begin({ ...asked, ...changed });
    return { agent, close };
  };
  const certified: unknown[] = [];
  const beforeCertified = () => void certified.push(what);
  await expect(personalizeChip({ ...options, openAgent, beforeCertified })).rejects.toMatchObject({
    code: 'enrolment-proof-wrong',
  });
  expect(certified).toEqual([]);
});
