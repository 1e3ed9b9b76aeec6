// A site with one cable, and an agent at its end that answers records.

import { createStreamPair, LinkClient, streamRecords } from '@firmseal/link';
import { serveFrames, TestClock } from '@firmseal/link/testing';
import { RemoteSite } from './site.ts';

/** A site whose place `tcp:chip:1` leads to the far end of a stream pair. */
export function siteWithCable(clock = new TestClock()) {
  const site = new RemoteSite(clock);
  const [cable, chip] = createStreamPair();
  site.cables.set('tcp:chip:1', async () => cable);
  return { site, clock, cable, chip };
}

/** Answers records one by one after `workMs`, as an agent with a window of one does. */
export function serveRecords(clock: TestClock, site: RemoteSite, workMs: number) {
  const taken: number[] = [];
  let busy = false;
  site.cables.set('tcp:chip:1', async () => {
    const [cable, chip] = createStreamPair();
    serveFrames(chip, async (_, body) => {
      if (busy) throw new Error('a second record before the first was answered');
      busy = true;
      await new Promise<void>((resolve) => void clock.after(workMs, resolve));
      busy = false;
      const index = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
      taken.push(index);
      const next = new Uint8Array(4);
      new DataView(next.buffer).setUint32(0, index + 1, true);
      return { payload: next };
    });
    return cable;
  });
  return taken;
}

const record = new Uint8Array(1000).fill(7);

export async function sendRecords(clock: TestClock, site: RemoteSite, count: number): Promise<number> {
  const stream = await site.line().openLink('tcp:chip:1');
  const link = new LinkClient({ stream, clock });
  link.setLongestContentBytes(8192);
  const startMs = clock.nowMs();
  await streamRecords(link, { count, recordAt: () => record, window: stream.recordsAhead ?? 1 });
  return clock.nowMs() - startMs;
}
