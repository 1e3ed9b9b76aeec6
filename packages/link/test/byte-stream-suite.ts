// What every byte stream must do, whatever carries it: the one suite that the pair in process, TCP and serial
// ports run. The far end is a byte stream too; closing it is what pulling the cable is.

import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { afterEach, expect, test } from 'vitest';
import { type ByteStream, LinkClient, systemClock } from '../src/index.ts';
import { serveFrames } from './frame-server.ts';

export interface JoinedStreams {
  /** The stream under test. */
  readonly near: ByteStream;
  /** What it is joined to. */
  readonly far: ByteStream;
}

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

/** Resolves when the condition holds; fails after 5 seconds. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 5000; !condition(); ) {
    if (Date.now() > end) throw new Error('it did not come to that within 5 seconds');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Collects what a stream gives; asserts that nothing follows its end. */
class Collector {
  bytes = new Uint8Array(0);
  ends: unknown[] = [];

  constructor(stream: ByteStream) {
    stream.listen({
      data: (bytes) => {
        expect(this.ends).toEqual([]);
        const whole = new Uint8Array(this.bytes.length + bytes.length);
        whole.set(this.bytes);
        whole.set(bytes, this.bytes.length);
        this.bytes = whole;
      },
      closed: (cause) => this.ends.push(cause),
    });
  }
}

const codeOf = (error: unknown): string => (error instanceof Fault ? error.code : String(error));

/** Declares the tests; `join` makes a new connection for each. */
export function byteStreamSuite(join: () => Promise<JoinedStreams>): void {
  const open: ByteStream[] = [];
  const joined = async (): Promise<JoinedStreams> => {
    const both = await join();
    open.push(both.near, both.far);
    return both;
  };
  afterEach(async () => {
    for (const stream of open.splice(0)) await stream.close();
  });

  test('carries every byte value, in order, both ways', async () => {
    const { near, far } = await joined();
    const [atNear, atFar] = [new Collector(near), new Collector(far)];
    for (const piece of [everyByte.slice(0, 1), everyByte.slice(1, 100), everyByte.slice(100)]) {
      await near.write(piece);
      await far.write(piece);
    }
    await until(() => atNear.bytes.length >= 256 && atFar.bytes.length >= 256);
    expect(atNear.bytes).toEqual(everyByte);
    expect(atFar.bytes).toEqual(everyByte);
  });

  test('carries 32 KiB each way at once', async () => {
    const { near, far } = await joined();
    const [atNear, atFar] = [new Collector(near), new Collector(far)];
    const much = Uint8Array.from({ length: 32_768 }, (_, i) => (i * 31) ^ (i >>> 8));
    await Promise.all([near.write(much), far.write(much)]);
    await until(() => atNear.bytes.length >= much.length && atFar.bytes.length >= much.length);
    expect([equalBytes(atNear.bytes, much), equalBytes(atFar.bytes, much)]).toEqual([true, true]);
  });

  test('hands over first what came before anybody listened', async () => {
    const { near, far } = await joined();
    await far.write(Uint8Array.of(1, 2, 3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const atNear = new Collector(near);
    await far.write(Uint8Array.of(4));
    await until(() => atNear.bytes.length >= 4);
    expect(atNear.bytes).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test('tells its end once when the other side goes away, and refuses to write then', async () => {
    const { near, far } = await joined();
    const atNear = new Collector(near);
    await far.close();
    await until(() => atNear.ends.length > 0);
    await expect(near.write(Uint8Array.of(1)).catch(codeOf)).resolves.toBe('link-closed');
    await near.close();
    await near.close();
    expect(atNear.ends).toHaveLength(1);
  });

  test('tells an end that came before anybody listened', async () => {
    const { near, far } = await joined();
    await far.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const atNear = new Collector(near);
    await until(() => atNear.ends.length > 0);
  });

  test('can be closed twice, and refuses to write then', async () => {
    const { near } = await joined();
    const atNear = new Collector(near);
    await Promise.all([near.close(), near.close()]);
    await near.close();
    await expect(near.write(Uint8Array.of(1)).catch(codeOf)).resolves.toBe('link-closed');
    expect(atNear.ends.length).toBeLessThanOrEqual(1);
  });

  test('settles a write under way when the other side goes away', async () => {
    const { near, far } = await joined();
    new Collector(near);
    const writing = Promise.allSettled(
      Array.from({ length: 64 }, () => near.write(new Uint8Array(4096).fill(0x55))),
    );
    await far.close();
    for (const one of await writing)
      if (one.status === 'rejected') expect(codeOf(one.reason)).toBe('link-closed');
  });

  test('lets a link survive noise and doubled answers', async () => {
    const { near, far } = await joined();
    const noisy: ByteStream = {
      write: async (bytes) => {
        await far.write(Uint8Array.of(0x55, 0xff, 0x00, 0x13));
        await far.write(bytes);
        await far.write(bytes);
      },
      listen: (listener) => far.listen(listener),
      close: () => far.close(),
    };
    serveFrames(noisy, (_, body) => ({ payload: body }));
    const link = new LinkClient({ stream: near, clock: systemClock, answerTimeoutMs: 1000 });
    for (let i = 0; i < 5; i++)
      expect(await link.request('info', Uint8Array.of(i))).toEqual(Uint8Array.of(i));
    await link.close();
  });

  test('lets a silent chip end in a time-out, and an unplugged one in a closed link, while another goes on', async () => {
    const [silent, gone, sound] = [await joined(), await joined(), await joined()];
    serveFrames(sound.far, (_, body) => ({ payload: body }));
    new Collector(gone.far);
    const link = ({ near }: JoinedStreams) =>
      new LinkClient({ stream: near, clock: systemClock, answerTimeoutMs: 40, attempts: 2 });
    const links = [link(silent), link(gone), link(sound)] as const;
    const ends = links.map((one) => one.request('info', Uint8Array.of(9)).then(() => 'answered', codeOf));
    await gone.far.close();
    expect(await Promise.all(ends)).toEqual(['link-timeout', 'link-closed', 'answered']);
    expect(await links[2].request('info', Uint8Array.of(7))).toEqual(Uint8Array.of(7));
    for (const one of links) await one.close();
  });
}
