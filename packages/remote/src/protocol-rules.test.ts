// Whoever breaks the rules of the protocol ends his own connection, and nothing else: wrong messages, more
// data than was allowed, any bytes.

import { Fault } from '@firmseal/fault';
import { createStreamPair } from '@firmseal/link';
import { seededRandom, type TestClock } from '@firmseal/link/testing';
import { describe, expect, test } from 'vitest';
import { type RemoteSite, sendRecords, serveRecords, siteWithCable } from '../test/index.ts';
import { Connection } from './connection.ts';
import { encodeStationFrame, type StationFrame, StationFrameReader } from './frame.ts';
import { type Begin, beginPayload, creditPayload, openPayload } from './messages.ts';

/** A connection straight to the station, for who speaks as he likes. */
async function speak(site: RemoteSite, clock: TestClock, ...frames: StationFrame[]) {
  const [near, far] = createStreamPair();
  const connection = new Connection(far, clock);
  site.station.take(connection);
  const answers: StationFrame[] = [];
  const reader = new StationFrameReader();
  const ended = new Promise<void>((resolve) =>
    near.listen({ data: (bytes) => reader.push(bytes, (frame) => answers.push(frame)), closed: resolve }),
  );
  for (const frame of frames) await near.write(encodeStationFrame(frame));
  await clock.run(ended);
  return { cause: connection.ended!, answers };
}

const begin = (change: Partial<Begin> = {}): StationFrame => ({
  ...{ type: 'begin', channel: 0, number: 0 },
  payload: beginPayload({
    ...{ version: 1, station: 'hall', session: new Uint8Array(16), resumes: false, received: 0 },
    ...change,
  }),
});
const openFrame: StationFrame = {
  ...{ type: 'open', channel: 1, number: 0 },
  payload: openPayload({ purpose: 'link', place: 'tcp:chip:1', chip: '', orderBytes: 0 }),
};

describe('who speaks the protocol, and breaks its rules', () => {
  const data = (number: number): StationFrame => ({
    ...{ type: 'data', channel: 1, number, payload: new Uint8Array(16_384).fill(0x55) },
  });
  const credit = (count: number): StationFrame => ({
    ...{ type: 'credit', channel: 1, number: 1, payload: creditPayload(count) },
  });
  test.each([
    ['another version', [begin({ version: 2 })], 'station-version-wrong'],
    ['another station', [begin({ station: 'yard' })], 'station-another'],
    [
      'a count of frames that were not sent',
      [begin({ resumes: false }), { ...begin(), type: 'received', payload: new Uint8Array(8).fill(1) }],
      'station-frame-malformed',
    ],
    ['a frame that is not the next one', [begin(), { ...openFrame, number: 1 }], 'station-frame-malformed'],
    ['a channel twice', [begin(), openFrame, { ...openFrame, number: 1 }], 'station-frame-malformed'],
    ['credit that nobody had', [begin(), openFrame, credit(1)], 'station-frame-malformed'],
    ['data before a session', [data(0)], 'station-frame-malformed'],
  ] as [string, StationFrame[], string][])('%s: %s ends the connection', async (_, frames, code) => {
    const { site, clock } = siteWithCable();
    void site.start();
    expect((await speak(site, clock, ...frames)).cause.code).toBe(code);
    site.end();
  });

  test('more data than its credit ends the connection before it is kept', async () => {
    const { site, clock } = siteWithCable();
    site.cables.set('tcp:chip:1', async () => ({
      write: () => new Promise<never>(() => undefined),
      listen: () => undefined,
      close: async () => undefined,
    }));
    void site.start();
    const { cause } = await speak(
      site,
      clock,
      begin(),
      openFrame,
      ...Array.from({ length: 17 }, (_, i) => data(i + 1)),
    );
    expect(cause.message).toContain('more data than its credit');
    site.end();
  });
});

describe('whatever bytes come', () => {
  test('a connection ends, no session does', async () => {
    const { site, clock } = siteWithCable();
    const taken = serveRecords(clock, site, 10);
    void site.start();
    const random = seededRandom(7);
    for (let round = 0; round < 300; round++) {
      const [near, far] = createStreamPair();
      const connection = new Connection(far, clock);
      site.station.take(connection);
      const ended = new Promise<void>((resolve) =>
        near.listen({ data: () => undefined, closed: () => resolve() }),
      );
      const types = ['begin', 'open', 'data', 'credit', 'fault', 'received', 'join'] as const;
      const type = types[Math.floor(random() * types.length)]!;
      const payload = Uint8Array.from({ length: Math.floor(random() * 8) }, () => Math.floor(random() * 256));
      const frame = encodeStationFrame({
        number: 0,
        type,
        channel: type === 'begin' || type === 'join' || type === 'received' ? 0 : 9,
        payload,
      });
      if (round % 3 === 0) frame[Math.floor(random() * frame.length)]! ^= 1 << Math.floor(random() * 8);
      await near.write(frame);
      await near.write(Uint8Array.from({ length: 40 }, () => Math.floor(random() * 256)));
      await clock.run(ended);
      expect(connection.ended).toBeInstanceOf(Fault);
    }
    await clock.run(sendRecords(clock, site, 3));
    expect(taken).toEqual([0, 1, 2]);
    site.end();
  });

  test('bytes that come in pieces of one are the same frames', async () => {
    const { site, clock } = siteWithCable();
    const taken = serveRecords(clock, site, 1);
    site.pieces = 1;
    void site.start();
    await clock.run(sendRecords(clock, site, 2));
    expect(taken).toEqual([0, 1]);
    site.end();
  });

  test('a cable that floods ends its channel alone', async () => {
    const { site, clock, chip } = siteWithCable();
    void site.start();
    const line = site.line();
    const stream = await clock.run(line.openLink('tcp:chip:1'));
    let got = 0;
    const ended = new Promise<unknown>((resolve) =>
      stream.listen({
        closed: resolve,
        data: (bytes) => {
          got += bytes.length;
        },
      }),
    );
    site.cut();
    site.reachable = false;
    for (let i = 0; i < 200; i++) await chip.write(new Uint8Array(16_384)).catch(() => undefined);
    site.reachable = true;
    expect(await clock.run(ended)).toMatchObject({ code: 'station-cable-floods' });
    expect(got).toBeLessThan(2 * 1024 * 1024);
    site.end();
  });
});
