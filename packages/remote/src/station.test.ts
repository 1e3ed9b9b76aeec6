// Line and station in one process with a long way between them: what crosses arrives once and in order
// whatever breaks, and whoever speaks wrongly ends his own connection and nothing else.

import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { createStreamPair } from '@firmseal/link';
import { byteStreamSuite, seededRandom } from '@firmseal/link/testing';
import { describe, expect, test } from 'vitest';
import { sendRecords, serveRecords, siteWithCable, stationToken } from '../test/index.ts';
import { Channel } from './channel.ts';
import type { AgentOrder } from './messages.ts';

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'no fault';
  } catch (error) {
    return error instanceof Fault ? error.code : String(error);
  }
};

describe('a channel is a byte stream', () => {
  byteStreamSuite(async () => {
    const ends: Channel[] = [];
    const make = (other: 0 | 1) =>
      new Channel({
        onEnd: () => undefined,
        // Frames as they cross, later and in order.
        send: (type, payload = new Uint8Array(0)) =>
          queueMicrotask(() => ends[other]!.take({ type, channel: 1, number: 0, payload })),
      });
    ends.push(make(1), make(0));
    return { near: ends[0]!, far: ends[1]! };
  });
});

describe('a long way', () => {
  test('records flow as fast as the chip takes them, one at a time', async () => {
    const { site, clock } = siteWithCable();
    site.way = { delayMs: 150 };
    const taken = serveRecords(clock, site, 90);
    void site.start();
    const spentMs = await clock.run(sendRecords(clock, site, 200));
    expect(taken).toEqual(Array.from({ length: 200 }, (_, index) => index));
    expect(spentMs).toBeGreaterThanOrEqual(200 * 90);
    expect(spentMs).toBeLessThan(200 * 90 + 1000);
    site.end();
  });

  test('and with one packet in a hundred lost', async () => {
    const { site, clock } = siteWithCable();
    let lost = 0;
    site.way = { delayMs: 150, loss: 0.01, random: seededRandom(18), onLoss: () => void lost++ };
    const taken = serveRecords(clock, site, 90);
    void site.start();
    const spentMs = await clock.run(sendRecords(clock, site, 400));
    expect(taken).toHaveLength(400);
    expect(lost).toBeGreaterThan(3);
    expect(spentMs / (400 * 90)).toBeLessThan(1.1);
    site.end();
  });
});

describe('a connection that breaks', () => {
  test('loses and doubles nothing, whenever it breaks', async () => {
    for (let breakMs = 0; breakMs < 3000; breakMs += 170) {
      const { site, clock } = siteWithCable();
      site.way = { delayMs: 40 };
      const taken = serveRecords(clock, site, 20);
      void site.start();
      clock.after(breakMs, () => site.cut());
      await clock.run(sendRecords(clock, site, 40));
      expect([breakMs, taken]).toEqual([breakMs, Array.from({ length: 40 }, (_, index) => index)]);
      site.end();
    }
  });

  test('for longer than the grace ends what is open with station-lost, and later work begins again', async () => {
    const { site, clock } = siteWithCable();
    void site.start();
    const line = site.line();
    const stream = await clock.run(line.openLink('tcp:chip:1'));
    const ended = new Promise<unknown>((resolve) =>
      stream.listen({ data: () => undefined, closed: resolve }),
    );
    site.reachable = false;
    site.cut();
    expect(await clock.run(ended)).toMatchObject({ code: 'station-lost' });
    expect(site.changes).toEqual(['away']);
    site.reachable = true;
    const [cable] = createStreamPair();
    site.cables.set('tcp:chip:1', async () => cable);
    await clock.run(line.openLink('tcp:chip:1'));
    site.end();
  });

  test('and a station that was started again ends it with station-restarted', async () => {
    const { site, clock } = siteWithCable();
    const first = site.start();
    const line = site.line();
    const stream = await clock.run(line.openLink('tcp:chip:1'));
    const ended = new Promise<unknown>((resolve) =>
      stream.listen({ data: () => undefined, closed: resolve }),
    );
    await clock.run(site.kill());
    await clock.run(first);
    void site.start();
    expect(await clock.run(ended)).toMatchObject({ code: 'station-restarted' });
    site.end();
  });
});

describe('a place', () => {
  test('that is not lent, and a fault of the cable, reach the line as they are', async () => {
    const { site, clock } = siteWithCable();
    site.cables.set('tcp:none:1', async () => {
      throw new Fault('link-connect-failed', { address: 'none:1' });
    });
    void site.start();
    const line = site.line();
    expect(await clock.run(codeOf(line.openLink('tcp:other:1')))).toBe('station-place-not-lent');
    await expect(clock.run(line.openLink('tcp:none:1'))).rejects.toMatchObject({
      code: 'link-connect-failed',
      fields: { address: 'none:1', from: 'station' },
    });
    site.end();
  });

  test('has one user; one whose line went away gives way', async () => {
    const { site, clock } = siteWithCable();
    void site.start();
    const [one, other] = [site.line(), site.line()];
    await clock.run(one.openLink('tcp:chip:1'));
    expect(await clock.run(codeOf(other.openLink('tcp:chip:1')))).toBe('station-place-busy');
    // The first line is killed: its connection is gone, and nobody comes back for its session.
    const [cable] = createStreamPair();
    site.cables.set('tcp:chip:1', async () => cable);
    one.kill();
    await clock.run(other.openLink('tcp:chip:1'));
    site.end();
  });
});

describe('an operation', () => {
  const order: AgentOrder = {
    image: [{ address: 0x0800_0000, bytes: new Uint8Array(300_000).fill(3) }],
    leastMillivolts: 2700,
    eraseProtected: true,
  };

  test('crosses whole, and its end comes back', async () => {
    const { site, clock } = siteWithCable();
    site.way = { delayMs: 100 };
    void site.start();
    const line = site.line();
    await clock.run(line.writeAgent('tcp:chip:1', 'stm32f427', order));
    await clock.run(line.startAgent('tcp:chip:1', 'stm32f427'));
    const [first, second] = site.written;
    expect(first).toMatchObject({ place: 'tcp:chip:1', chip: 'stm32f427', order: { leastMillivolts: 2700 } });
    expect(equalBytes(first!.order!.image[0]!.bytes, order.image[0]!.bytes)).toBe(true);
    expect(second).toEqual({ place: 'tcp:chip:1', chip: 'stm32f427' });
    site.end();
  });

  test('that fails gives its fault; a connection that breaks meanwhile changes nothing', async () => {
    const { site, clock } = siteWithCable();
    site.write = async () => {
      site.cut();
      await new Promise<void>((resolve) => void clock.after(5000, resolve));
      throw new Fault('erase-not-done', { address: '0x08000000' });
    };
    void site.start();
    const failing = site.line().writeAgent('tcp:chip:1', 'stm32f427', order);
    await expect(clock.run(failing)).rejects.toMatchObject({ code: 'erase-not-done' });
    expect(site.changes).toEqual(['away', 'back']);
    site.end();
  });
});

describe('flow control', () => {
  test('a cable that takes nothing stops its own sender, and no other channel', async () => {
    const { site, clock } = siteWithCable();
    site.cables.set('tcp:stuck:1', async () => ({
      write: () => new Promise<never>(() => undefined),
      listen: () => undefined,
      close: async () => undefined,
    }));
    const taken = serveRecords(clock, site, 10);
    void site.start();
    const line = site.line();
    const stuck = await clock.run(line.openLink('tcp:stuck:1'));
    let sent = 0;
    // Damaged frames: the pacer passes them on, and the cable keeps them.
    const noise = new Uint8Array(16_384).fill(0x55);
    for (let i = 0; i < 64; i++)
      void stuck.write(noise).then(
        () => (sent += noise.length),
        () => undefined,
      );
    await clock.run(sendRecords(clock, site, 20));
    expect(taken).toHaveLength(20);
    expect(sent).toBe(262_144);
    await stuck.close();
    site.end();
  });
});

describe('who is not who he should be', () => {
  test('a wrong token ends the station with station-token-wrong', async () => {
    const { site, clock } = siteWithCable();
    expect(await clock.run(codeOf(site.start('hall', `${stationToken}x`)))).toBe('station-token-wrong');
  });

  test('a second program of the same name ends the first with station-replaced', async () => {
    const { site, clock } = siteWithCable();
    const first = codeOf(site.start());
    await clock.run(new Promise<void>((resolve) => void clock.after(1000, resolve)));
    void site.startBeside();
    expect(await clock.run(first)).toBe('station-replaced');
    site.end();
  });

  test('nobody of that name: station-away', async () => {
    const { site, clock } = siteWithCable();
    void site.start();
    expect(await clock.run(codeOf(site.line('yard').openLink('tcp:chip:1')))).toBe('station-away');
    site.end();
  });
});
