// Journal and identity of other versions: one of the first version is taken over by the present agent, cut at
// every operation; one of a later version is left alone, and said.

import { anchorPart } from '@firmseal/agent-image';
import { type Bytes, fromHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  agentImage,
  createVirtualChip,
  type Operation,
  type VirtualChip,
  wasmAgent,
} from '@firmseal/virtual-stm32';
import { expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { buildAgent, buildWeakenedAgent } from '../build.ts';
import { identityImage, journalImage } from './flash-images.ts';
import { Line } from './line.ts';
import { applicationPackage, twoPlaces } from './trial-application.ts';
import { certify, epoch, keyPair, owner, product } from './trusted-site.ts';

const chipId = 'stm32g0b1';
const { layout } = findChip(chipId);
const deviceKey = crypto.sha256(fromHex('77'));

function program(chip: VirtualChip, address: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 32) {
    const granule = bytes.subarray(at, at + 32);
    if (granule.every((byte) => byte === 0xff)) continue;
    if (chip.debug.programFlash(address + at, granule) !== 'ok')
      throw new Error('the flash is not programmed');
  }
}

const state = {
  ...({ lifeCycle: 'erased', securityCounter: 5, epoch, installCount: 3, unwraps: 4 } as const),
  rootPublicKey: keyPair('root').publicKey,
};

async function identity(): Promise<Bytes> {
  const [signing, kem] = [keyPair('device'), keyPair('device KEM')];
  const certificate = await certify({ signingKey: signing.publicKey, kemKey: kem.publicKey, chipId });
  const rootPublicKey = keyPair('root').publicKey;
  return identityImage({ signing, kem, rootPublicKey, product, epoch, deviceKey, certificate, origin: 1 });
}

/** A chip with that identity and journal, off. */
async function chipWith(journal: Bytes, own: Bytes, agent?: Uint8Array): Promise<VirtualChip> {
  const chip = createVirtualChip({ chip: chipId, seed: 'versions', executors: [wasmAgent(crypto)] });
  chip.powerOn();
  chip.debug.connect();
  const image = agentImage(agent ?? (await buildAgent(chipId)), chip.chip);
  for (const { address, bytes } of [...image, anchorPart(crypto, image, { chip: chip.chip, owner })])
    program(chip, address, bytes);
  program(chip, layout.identity.addressStart, own);
  program(chip, layout.journal[0].addressStart, journal);
  chip.powerOff();
  return chip;
}

const kept = { securityCounter: 5, installCount: 3, unwraps: 4, lifeCycle: 'erased' };

it('a journal of the first version is written in the present layout, and the chip goes on', async () => {
  const chip = await chipWith(journalImage(deviceKey, state, 1), await identity());
  chip.powerOn();
  const line = new Line(chip);
  expect(line.hello()).toMatchObject(kept);
  const [place] = twoPlaces(chip.chip);
  await line.install(await applicationPackage(chipId, place, { securityCounter: 6 }));
  chip.powerOff();
  chip.setPin('agent-request', true);
  chip.powerOn();
  expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 6, installCount: 4 });
});

it('power that goes at any operation of it takes nothing away', async () => {
  const chip = await chipWith(journalImage(deviceKey, state, 1), await identity());
  const before = chip.judge.snapshot();
  const inJournal = ({ address }: Operation) =>
    layout.journal.some(
      ({ addressStart, sizeBytes }) => address >= addressStart && address < addressStart + sizeBytes,
    );
  const seen: Operation[] = [];
  chip.power.onOperation = (operation) => seen.push(operation);
  chip.powerOn();
  chip.power.onOperation = undefined;
  const points = seen.filter(inJournal);
  const edges = points.filter(({ kind }, i) => kind === 'erase' || i % 40 === 0);
  expect(points.length).toBeGreaterThan(100);
  for (const { number } of sampled(points, edges))
    for (const moment of ['before', 'torn', 'after'] as const) {
      chip.judge.restore(before, { seed: `${number} ${moment}` });
      const fired = chip.power.fired.length;
      chip.power.plan([{ operation: number, moment }]);
      chip.powerOn();
      expect(chip.power.fired.length).toBe(fired + 1);
      chip.power.plan([]);
      chip.powerOn();
      expect([number, moment, new Line(chip).hello()]).toMatchObject([number, moment, kept]);
      chip.powerOff();
    }
});

it('a journal of the first version that nobody authenticated is not taken', async () => {
  const forged = journalImage(crypto.sha256(fromHex('78')), state, 1);
  const chip = await chipWith(forged, await identity());
  chip.powerOn();
  expect(new Line(chip).info().get(3)).toBe(7);
});

const later = (image: Bytes, at: number): Bytes => image.map((byte, i) => (i === at ? byte + 1 : byte));

it('a journal of a later version is left alone, and said', async () => {
  const journal = later(journalImage(deviceKey, state), 3);
  const chip = await chipWith(journal, await identity());
  chip.powerOn();
  const line = new Line(chip);
  expect(line.try(0x20, new Uint8Array(8)).status).toBe('journal-newer');
  expect(line.hello().lifeCycle).toBe('recovery-needed');
  const { addressStart, sizeBytes } = layout.journal[0];
  const stands = chip.judge.flash(addressStart, sizeBytes);
  expect(stands.subarray(0, journal.length)).toEqual(journal);
  expect(stands.subarray(journal.length).every((byte) => byte === 0xff)).toBe(true);
});

it('an agent that does not look at the version takes a later journal for a lost one', async () => {
  const weak = await buildWeakenedAgent(chipId, { 'journal-newer-left-alone': ';' });
  const chip = await chipWith(later(journalImage(deviceKey, state), 3), await identity(), weak);
  chip.powerOn();
  expect(new Line(chip).try(0x20, new Uint8Array(8)).status).not.toBe('journal-newer');
});

it('an identity of a later version is left alone, and said', async () => {
  const own = later(await identity(), 4);
  const chip = await chipWith(journalImage(deviceKey, state), own);
  chip.powerOn();
  const line = new Line(chip);
  expect(line.info().get(3)).toBe(0);
  for (const type of [0x02, 0x10, 0x20])
    expect(line.try(type, new Uint8Array(0)).status).toBe('identity-newer');
  expect(chip.judge.flash(layout.identity.addressStart, own.length)).toEqual(own);
  const copy = chip.judge.flash(layout.identityCopy.addressStart, layout.identityCopy.length);
  expect(copy.every((byte) => byte === 0xff)).toBe(true);
});

/** The identity as a cut left it that came behind its magic, or in the middle of its version. */
const begun = async (versionBytes: readonly number[]): Promise<Bytes> => {
  const image = new Uint8Array((await identity()).length).fill(0xff);
  image.set((await identity()).subarray(0, 4));
  image.set(versionBytes, 4);
  return image;
};

const infoOf = async (image: Bytes, weak?: Awaited<ReturnType<typeof buildWeakenedAgent>>) => {
  const chip = await chipWith(new Uint8Array(0), image, weak);
  chip.powerOn();
  return new Line(chip).try(0x02, new Uint8Array(0)).status;
};

it.each([[[0xff, 0xff, 0xff, 0xff]], [[0x03, 0, 0, 0]], [[0x01, 0x80, 0xff, 0xff]]])(
  'an identity that a cut left with version %j does not read as one of a later version',
  async (version) => {
    expect(await infoOf(await begun(version))).not.toBe('identity-newer');
  },
);

it('an agent that does not look at the end of an identity takes it for a later one', async () => {
  const weak = await buildWeakenedAgent(chipId, { 'identity-whole': '(void)i;' });
  expect(await infoOf(await begun([0xff, 0xff, 0xff, 0xff]), weak)).toBe('identity-newer');
});
