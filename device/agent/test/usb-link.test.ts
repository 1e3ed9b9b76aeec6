// The frames of the link over alternate setting 1: whole installs by the client that lines use, over USB, and
// what is special about a host that fetches its answers.

import { AgentClient } from '@firmseal/agent-client';
import { concatBytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { verifyHello, verifyReceipt } from '@firmseal/license';
import { encodeFrame, type Frame, FrameReader, systemClock } from '@firmseal/link';
import { describe, expect, it } from 'vitest';
import { personalizedLine } from './line.ts';
import { makeLicense, makePackage, places, type TestChipId } from './trusted-site.ts';
import { UsbFrames } from './usb-frames.ts';
import { dfuState, transferBytes, UsbHost } from './usb-host.ts';

async function bench(chipId: TestChipId = 'stm32f427', level: 0 | 1 | 2 = 2) {
  const line = await personalizedLine(chipId, level);
  line.hello();
  line.frames.length = 0;
  const usb = new UsbHost(line.chip);
  await usb.open(1);
  const connect = () => AgentClient.connect({ stream: new UsbFrames(usb), clock: systemClock });
  return { line, usb, connect };
}

describe.each<TestChipId>(['stm32f427', 'stm32h743'])('%s', (chipId) => {
  it('installs over USB frames alone, to a receipt, and starts the application', async () => {
    const { line, usb, connect } = await bench(chipId);
    let seen = 0;
    line.chip.onLink = () => seen++;
    const client = await connect();
    expect(client.info).toMatchObject({ chipId });
    const challenge = crypto.randomBytes(32);
    const { hello } = await client.hello(challenge);
    const device = line.device!;
    const { nonce } = verifyHello(crypto, { hello, device, challenge });
    const sealed = await makePackage(chipId);
    const license = await makeLicense(sealed, { ...device, nonce });
    await client.sendPackageHeader(sealed.headerBytes);
    expect(await client.sendLicense(license.bundle)).toBe('ready');
    await client.streamRecords({ count: sealed.records.length, recordAt: (index) => sealed.records[index]! });
    const fresh = crypto.randomBytes(32);
    const receipt = verifyReceipt(crypto, {
      ...{
        receipt: await client.receipt(fresh),
        device,
        license,
        manifest: sealed.manifest,
        challenge: fresh,
      },
    });
    expect(receipt).toMatchObject({ fresh: true, installCount: 1, result: 'installed' });
    expect(usb.longestPollMs).toBeGreaterThan(2000);
    expect(usb.present).toBe(true);
    await client.start();
    expect(line.chip.bootedApplication?.address).toBe(places[chipId].firmware);
    expect(usb.present).toBe(false);
    expect(seen).toBe(0);
  });
});

/** Frames that stand in bytes. */
function framesOf(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  new FrameReader().push(bytes, (frame) => frames.push(frame));
  return frames;
}

const request = (type: number, sequence: number, body = new Uint8Array(0)) =>
  encodeFrame({ type, sequence, body });

it('answers wait until they are fetched, in pieces as the host likes', async () => {
  const { usb } = await bench();
  await usb.send(concatBytes(Uint8Array.of(0), request(0x02, 9)));
  expect(await usb.state()).toBe(dfuState.downloadIdle);
  await usb.abort();
  const pieces: Uint8Array[] = [];
  for (;;) {
    pieces.push(await usb.upload(100));
    if (pieces.at(-1)!.length < 100) break;
    expect(await usb.state()).toBe(dfuState.uploadIdle);
  }
  expect(pieces.length).toBeGreaterThan(5);
  expect(framesOf(concatBytes(...pieces))).toMatchObject([{ type: 0x82, sequence: 9 }]);
  expect(await usb.upload()).toHaveLength(0);
});

it('a reset that an answer announces waits until the answer was fetched', async () => {
  const { line, usb } = await bench('stm32f427', 1);
  await line.install(await makePackage('stm32f427'));
  await usb.send(request(0x26, 77));
  await usb.abort();
  expect(line.chip.bootedApplication).toBeUndefined();
  expect(framesOf(await usb.upload())).toMatchObject([{ type: 0xa6, sequence: 77 }]);
  expect(line.chip.bootedApplication).toBeDefined();
});

it('answers that nobody fetches fill no more than their buffer', async () => {
  const { usb } = await bench();
  for (let i = 0; i < 8; i++) await usb.send(request(0x02, i));
  await usb.abort();
  const first = concatBytes(await usb.upload(), await usb.upload(), await usb.upload());
  expect(first.length).toBeLessThan(3 * transferBytes);
  expect(framesOf(first).length).toBeGreaterThan(0);
  await usb.send(concatBytes(Uint8Array.of(0), request(0x01, 99)));
  await usb.abort();
  expect(framesOf(await usb.upload())).toMatchObject([{ type: 0x81, sequence: 99 }]);
});

it('an erase brings no pending answers: they could only come late, and would crowd out the answer', async () => {
  const { line, usb } = await bench();
  const sealed = await makePackage('stm32f427');
  const { bundle } = await makeLicense(sealed, line.device!);
  const seen: Frame[] = [];
  for (const frame of [request(0x20, 1, sealed.headerBytes), request(0x21, 2, bundle)]) {
    await usb.send(frame);
    await usb.abort();
    seen.push(...framesOf(await usb.upload()));
  }
  expect(seen.map(({ type, sequence }) => [type, sequence])).toEqual([
    [0xa0, 1],
    [0xa1, 2],
  ]);
  expect(line.chip.judge.flash(places.stm32f427.keys, 64).some((byte) => byte !== 0xff)).toBe(true);
});

it('the two links keep apart: each request is answered where it came from', async () => {
  const { line, usb } = await bench();
  await usb.send(request(0x01, 5));
  await usb.abort();
  expect(line.frames).toHaveLength(0);
  expect(line.info().get(1)).toBe('stm32f427');
  expect(framesOf(await usb.upload())).toMatchObject([{ type: 0x81, sequence: 5 }]);
});
