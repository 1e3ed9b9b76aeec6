// The link as a hostile or careless host meets it: damaged frames, repeats, requests out of place.
// spec/link.md sections 1 to 3.

import { readFileSync } from 'node:fs';
import { concatBytes, fromHex } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeFrame } from '@firmseal/link';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import faultNumbers from './fault-numbers.ts';
import { blankLine, personalizeBegin, personalizedLine, personalizeFinish } from './line.ts';
import { certify, makeLicense, makePackage, places } from './trusted-site.ts';

const none = new Uint8Array(0);
const info = (sequence: number) => encodeFrame({ type: 0x01, sequence, body: none });

interface FrameCase {
  readonly name: string;
  readonly line: string;
  readonly content?: string;
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/link/frames.json', import.meta.url), 'utf8'),
) as { cases: FrameCase[] };

describe('frames', () => {
  it.each(vectors.cases)('of the vectors: $name', async ({ line: bytes, content }) => {
    const line = await blankLine('stm32f427');
    const answers = line.raw(fromHex(bytes));
    if (content === undefined) {
      expect(answers).toEqual([]);
      return;
    }
    const [type, sequence] = fromHex(content);
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ type: type! | 0x80, sequence });
    const [low, high] = answers[0]!.body;
    expect(faultNumbers(low! | (high! << 8))).toBe('request-unknown');
  });

  it('drops what is no frame and answers the next one', async () => {
    const line = await blankLine('stm32f427');
    const good = info(1);
    const damaged = Uint8Array.from(good);
    damaged[2]! ^= 1;
    const junk = [
      Uint8Array.of(0),
      Uint8Array.of(0, 0, 0),
      damaged,
      Uint8Array.of(5, 1, 0), // a block that the frame ends in
      encodeFrame({ type: 1, sequence: 1, body: none }).subarray(1),
      concatBytes(new Uint8Array(9000).fill(7), Uint8Array.of(0)), // too long
      encodeFrame({ type: 0x20, sequence: 1, body: new Uint8Array(5000) }),
    ];
    for (const bytes of junk) expect(line.raw(bytes)).toEqual([]);
    expect(line.raw(good)).toHaveLength(1);
  });

  it('takes frames byte by byte, and two in one piece', async () => {
    const line = await blankLine('stm32f427');
    const frames = [...info(1)].flatMap((byte) => line.raw(Uint8Array.of(byte)));
    expect(frames).toHaveLength(1);
    expect(line.raw(concatBytes(info(2), info(3))).map(({ sequence }) => sequence)).toEqual([2, 3]);
  });

  it('answers a repeat as it answered before, and does nothing else', async () => {
    const line = await blankLine('stm32f427');
    const begin = encodeFrame({ type: 0x10, sequence: 9, body: personalizeBegin() });
    // A pending answer comes first, and with the repeat no more.
    const [pending, first] = line.raw(begin);
    expect(pending!.type).toBe(0xff);
    expect(line.raw(begin)).toEqual([first]);
    const again = encodeFrame({ type: 0x10, sequence: 10, body: personalizeBegin() });
    expect(line.raw(again)[1]!.body).not.toEqual(first!.body);
  });

  it('serves a repeat again when noise came over a long answer, and never a request that changes flash', async () => {
    const line = await personalizedLine('stm32f427', 1);
    const hello = encodeFrame({ type: 0x02, sequence: 9, body: crypto.randomBytes(32) });
    // Frames with a wrong CRC. The long one has, where the answer begins (byte 2170), the type
    // and sequence of that answer.
    const wrong = (body: Uint8Array) => encodeFrame({ type: 0x22, sequence: 1, body }).with(9, 0x5b);
    const filler = new Uint8Array(4000).fill(0x5a);
    const noise = wrong(
      concatBytes(filler.subarray(0, 2168), Uint8Array.of(0x82, 9), filler.subarray(0, 1000)),
    );
    const [first] = line.raw(hello);
    expect(line.raw(wrong(filler.subarray(0, 2000)))).toEqual([]);
    expect(line.raw(hello)).toEqual([first]);
    expect(line.raw(noise)).toEqual([]);
    const [second] = line.raw(hello);
    expect(second).toMatchObject({ type: 0x82, sequence: 9 });
    expect([...second!.body.subarray(0, 2)]).toEqual([0, 0]);
    expect(second!.body).not.toEqual(first!.body); // another nonce

    const sealed = await makePackage('stm32f427');
    const { nonce } = line.hello();
    line.request(0x20, sealed.headerBytes);
    const { bundle } = await makeLicense(sealed, { ...line.device!, nonce });
    const license = encodeFrame({ type: 0x21, sequence: 99, body: bundle });
    const accepted = line.raw(license).at(-1);
    expect(accepted).toMatchObject({ type: 0xa1, sequence: 99, body: Uint8Array.of(0, 0, 0) });
    const { operations } = line.chip.power;
    expect(line.raw(noise)).toEqual([]);
    expect(line.raw(license)).toEqual([accepted]);
    expect(line.chip.power.operations).toBe(operations);
  });

  it('lives through any bytes', async () => {
    const line = await personalizedLine('stm32h743', 1);
    const before = line.chip.power.operations;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        (type, body, framed) => {
          line.raw(framed ? encodeFrame({ type, sequence: 0, body }) : concatBytes(body, Uint8Array.of(0)));
          expect(line.chip.running).toBe(true);
        },
      ),
      { seed: 5, numRuns: 2000 },
    );
    expect(line.chip.power.operations).toBe(before);
    expect(line.hello().lifeCycle).toBe('personalized');
  });
});

describe('requests out of place', () => {
  it('a blank chip', async () => {
    const line = await blankLine('stm32f427');
    const sealed = await makePackage('stm32f427');
    const status = (type: number, body: Uint8Array = none) => line.try(type, body).status;
    expect(status(0x02)).toBe('not-personalized');
    expect(status(0x20, sealed.headerBytes)).toBe('not-personalized');
    expect(status(0x21)).toBe('request-out-of-state');
    expect(status(0x22, new Uint8Array(100))).toBe('request-out-of-state');
    expect(status(0x22)).toBe('request-out-of-state');
    expect(status(0x24)).toBe('not-personalized');
    expect(status(0x26)).toBe('not-personalized');
    expect(status(0x7f)).toBe('request-unknown');
    expect(status(0x01, Uint8Array.of(1))).toBe('request-malformed');
    expect(status(0x11, encodeCbor([none, []]))).toBe('request-out-of-state');
    expect(status(0x10, encodeCbor([1]))).toBe('request-malformed');
  });

  it('personalize-begin: challenges, origins and seeds', async () => {
    const line = await blankLine('stm32g0b1');
    const begin = (change: readonly [number, Uint8Array | number][], seed?: Uint8Array) => {
      const sound = decodeCbor(personalizeBegin(seed), { maxBytes: 512 }) as Map<number, CborInput>;
      return line.try(0x10, encodeCbor(new Map([...sound, ...change]))).status;
    };
    const seed = crypto.randomBytes(32);
    for (const length of [1, 15, 33])
      expect(begin([[3, new Uint8Array(length)]], seed)).toBe('request-malformed');
    for (const number of [0, 4, 8]) expect(begin([[5, number]], seed)).toBe('request-malformed');
    expect(begin([], crypto.randomBytes(31))).toBe('request-malformed');
    // This chip has no random generator.
    expect(begin([])).toBe('random-failed');
    for (const length of [0, 16, 32]) expect(begin([[3, new Uint8Array(length)]], seed)).toBe(0);
    for (const number of [1, 2, 3, 5, 6, 7]) expect(begin([[5, number]], seed)).toBe(0);
  });

  it('personalization with a wrong certificate writes nothing', async () => {
    const line = await blankLine('stm32h743');
    line.request(0x10, personalizeBegin());
    const other = { signingKey: crypto.generateP256().publicKey, kemKey: crypto.generateP256().publicKey };
    const foreign = await certify({ ...other, chipId: 'stm32h743' });
    const before = line.chip.power.operations;
    expect(line.try(0x11, personalizeFinish(foreign, [])).status).toBe('certificate-key-wrong');
    expect(line.try(0x11, personalizeFinish(new Uint8Array(1025), [])).status).toBe('certificate-too-large');
    const unknown = [{ register: 99, mask: 1, value: 1 }];
    expect(line.try(0x11, personalizeFinish(foreign, unknown)).status).toBe('certificate-key-wrong');
    expect(line.chip.power.operations).toBe(before);
    await line.personalize(1);
    expect(line.hello().lifeCycle).toBe('personalized');
    expect(line.try(0x10, personalizeBegin()).status).toBe('already-personalized');
    expect(line.try(0x11, personalizeFinish(foreign, [])).status).toBe('already-personalized');
  });

  it('a hello with a challenge of 1, 15 or 33 bytes, a receipt with one of 31', async () => {
    const line = await personalizedLine('stm32f427', 1);
    for (const length of [1, 15, 33])
      expect(line.try(0x02, new Uint8Array(length)).status).toBe('request-malformed');
    await line.install(await makePackage('stm32f427'));
    expect(line.try(0x24, new Uint8Array(31)).status).toBe('request-malformed');
  });
});

describe.each(['erase', 'resume'] as const)('records under policy %s', (interruption) => {
  async function begun() {
    const line = await personalizedLine('stm32f427', 1);
    const sealed = await makePackage('stm32f427', { core: { interruption } });
    const license = await line.licenseFor(sealed);
    line.package(sealed);
    line.license(license);
    return { line, sealed, license };
  }
  const erased = (bytes: Uint8Array) => bytes.every((byte) => byte === 0xff);
  const start = places.stm32f427.firmware;

  it('ignores those behind, and names the one awaited for those ahead', async () => {
    const { line, sealed } = await begun();
    expect(line.record(0, sealed.records[0]!)).toBe(1);
    expect(line.info().get(6)).toBe(1);
    expect(line.record(0, new Uint8Array(48))).toBe(1);
    const ahead = line.tryRecord(2, sealed.records[2]!);
    expect([ahead.status, ahead.detail]).toEqual(['record-out-of-order', 1]);
    for (let i = 1; i < 4; i++) line.record(i, sealed.records[i]!);
    expect(line.record(3, sealed.records[3]!)).toBe(4);
    expect(line.tryRecord(4, sealed.records[3]!).status).toBe('request-out-of-state');
    expect(line.hello().lifeCycle).toBe('installed');
  });

  it.each(['record-hash-wrong', 'record-length-wrong'])('%s writes nothing', async (fault) => {
    const { line, sealed, license } = await begun();
    line.record(0, sealed.records[0]!);
    const wrong = Uint8Array.from(sealed.records[1]!);
    wrong[40]! ^= 1;
    const record = fault === 'record-hash-wrong' ? wrong : wrong.subarray(0, 500);
    const reply = line.tryRecord(1, record);
    expect([reply.status, reply.detail]).toEqual([fault, interruption === 'resume' ? 1 : 0]);
    expect(erased(line.chip.judge.flash(start + 1024, 1024))).toBe(true);
    if (interruption === 'erase') {
      expect(erased(line.chip.judge.flash(start, 1024))).toBe(true);
      expect(line.hello().lifeCycle).toBe('erased');
      expect(line.license(license)).toBe(0);
      line.record(0, sealed.records[0]!);
    }
    for (let i = 1; i < 4; i++) line.record(i, sealed.records[i]!);
    expect(line.hello().lifeCycle).toBe('installed');
  });
});

it('a license for another chip, another package, an earlier nonce', async () => {
  const line = await personalizedLine('stm32f427', 1, 'one chip');
  const other = await personalizedLine('stm32f427', 1, 'another chip');
  const sealed = await makePackage('stm32f427');
  const foreign = await other.licenseFor(sealed);
  const license = await line.licenseFor(sealed);
  const status = (bundle: Uint8Array) => line.try(0x21, bundle).status;
  line.package(sealed);
  expect(status(foreign.bundle)).toBe('license-device-wrong');
  const update = await makePackage('stm32f427', { core: { securityCounter: 6 } });
  line.package(update);
  expect(status(license.bundle)).toBe('license-manifest-wrong');
  line.package(sealed);
  line.chip.reset();
  line.hello();
  line.package(sealed);
  expect(status(license.bundle)).toBe('license-nonce-wrong');
  // A standing license is for this chip and package whenever it is used.
  expect(status((await makeLicense(sealed, line.device!)).bundle)).toBe(0);
});

it('an epoch statement in a package revokes what was signed before', async () => {
  const line = await personalizedLine('stm32f427', 1);
  const { makeEpochStatement } = await import('@firmseal/formats');
  const { delegate, product, root } = await import('./trusted-site.ts');
  const sealed = await makePackage('stm32f427');
  const statement = await makeEpochStatement(crypto, root, { product, epoch: 2 });
  const delegation = await delegate('package-signer', 'package signer', { epoch: 2 });
  const newer = await makePackage('stm32f427', { delegation, epoch: statement });
  line.package(sealed);
  line.package(newer);
  expect(line.try(0x20, sealed.headerBytes).status).toBe('delegation-revoked');
  line.chip.reset();
  expect(line.hello().epoch).toBe(2);
  expect(line.try(0x20, sealed.headerBytes).status).toBe('delegation-revoked');
  const license = await line.licenseFor(newer);
  line.package(newer);
  expect(line.try(0x21, license.bundle).status).toBe('delegation-revoked');
});
