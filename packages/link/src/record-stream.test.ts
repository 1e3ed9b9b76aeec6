// Windows of records against a model of the agent, over lines that lose, double,
// damage, delay and make noise.

import { type Bytes, u32le } from '@firmseal/bytes';
import { describe, expect, test } from 'vitest';
import {
  type ChunkFate,
  type FaultPlan,
  FaultyStream,
  type ServedAnswer,
  seededRandom,
  serveFrames,
  TestClock,
} from '../test/index.ts';
import { LinkClient } from './link-client.ts';
import { u32leAt } from './message.ts';
import { streamRecords } from './record-stream.ts';
import { createStreamPair } from './stream-pair.ts';

/** What the agent does with records: accepts the awaited one, answers others as the specification says. */
class ModelRecords {
  readonly accepted: Bytes[] = [];
  serve(body: Bytes): ServedAnswer {
    const index = u32leAt(body, 0);
    if (index > this.accepted.length) return { status: 263, detail: this.accepted.length };
    if (index === this.accepted.length) this.accepted.push(body.slice(4));
    return { payload: u32le(this.accepted.length) };
  }
}

const recordAt = (index: number) => new Uint8Array(40).fill(index);

async function stream(options: { plan?: FaultPlan; count: number; window: number; attempts?: number }) {
  const clock = new TestClock();
  const [host, agent] = createStreamPair();
  let most = 0;
  let open = 0;
  const plan: FaultPlan = (direction, chunk) => options.plan?.(direction, chunk) ?? {};
  const link = new LinkClient({
    stream: new FaultyStream(host, clock, plan),
    clock,
    answerTimeoutMs: 200,
    attempts: options.attempts ?? 5,
  });
  const exchange = link.exchange.bind(link);
  link.exchange = (name, body) => {
    most = Math.max(most, ++open);
    const answer = exchange(name, body);
    const done = () => {
      open--;
    };
    answer.then(done, done);
    return answer;
  };
  const model = new ModelRecords();
  serveFrames(agent, (_, body) => model.serve(body));
  const { count, window } = options;
  const awaited: number[] = [];
  await clock.run(
    streamRecords(link, { count, window, recordAt, onAwaited: (index) => awaited.push(index) }),
  );
  return { model, awaited, most, counts: link.counts, clock };
}

describe('a healthy line', () => {
  test.each([1, 4, 32])('window %i', async (window) => {
    const { model, awaited, most, counts } = await stream({ count: 100, window });
    expect(model.accepted).toEqual(Array.from({ length: 100 }, (_, i) => recordAt(i)));
    expect(awaited).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(most).toBe(window);
    expect(counts.repeated).toBe(0);
  });
});

const misfortunes: Record<string, (random: () => number) => ChunkFate> = {
  loses: () => ({ copies: 0 }),
  doubles: () => ({ copies: 2 }),
  damages: (random) => ({ corruptAt: Math.floor(random() * 1000) }),
  delays: (random) => ({ delayMs: Math.floor(random() * 700) }),
  'adds noise': (random) => ({ noise: Uint8Array.from({ length: 9 }, () => Math.floor(random() * 256)) }),
};

describe('every single frame, each misfortune once', () => {
  for (const [name, fate] of Object.entries(misfortunes)) {
    test(`the line ${name} it`, async () => {
      for (const direction of ['to-agent', 'to-host'] as const) {
        for (let hit = 0; hit < 12; hit++) {
          let seen = 0;
          let fired = 0;
          const random = seededRandom(hit);
          const { model } = await stream({
            count: 12,
            window: 4,
            plan: (way, chunk) => {
              if (way !== direction || chunk.length < 2 || seen++ !== hit) return {};
              fired++;
              return fate(random);
            },
          });
          expect(fired, `${direction} ${hit}`).toBe(1);
          expect(model.accepted).toEqual(Array.from({ length: 12 }, (_, i) => recordAt(i)));
        }
      }
    });
  }
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'a bad line, seed %i, delivers every record in order',
  async (seed) => {
    const random = seededRandom(seed);
    const kinds = Object.values(misfortunes);
    let fired = 0;
    const { model, most } = await stream({
      count: 60,
      window: 1 + (seed % 8),
      attempts: 50,
      plan: () => {
        if (random() > 0.15) return {};
        fired++;
        return kinds[Math.floor(random() * kinds.length)]!(random);
      },
    });
    expect(fired).toBeGreaterThan(5);
    expect(model.accepted).toEqual(Array.from({ length: 60 }, (_, i) => recordAt(i)));
    expect(most).toBeLessThanOrEqual(1 + (seed % 8));
  },
);

async function against(handler: (index: number) => ServedAnswer, window = 4): Promise<unknown> {
  const clock = new TestClock();
  const [host, agent] = createStreamPair();
  const link = new LinkClient({ stream: host, clock });
  let asked = 0;
  serveFrames(agent, (type, body) => {
    if (type !== 0x22) return { payload: u32le(7) };
    asked++;
    return handler(u32leAt(body, 0));
  });
  const run = async () => {
    const fault = await streamRecords(link, { count: 20, window, recordAt }).catch((error: unknown) => error);
    // Whatever happened, the line is free for the next request at once.
    expect(await link.request('info', new Uint8Array(0))).toEqual(u32le(7));
    return fault;
  };
  const fault = await clock.run(run());
  expect(asked).toBeLessThan(100);
  return fault;
}

describe('a hostile agent', () => {
  test('that goes back for ever', async () => {
    expect(
      await against((index) => (index === 0 ? { payload: u32le(1) } : { status: 263, detail: 0 })),
    ).toMatchObject({
      code: 'link-record-stuck',
    });
  });
  test('that goes back for ever with a window of one', async () => {
    const always = (index: number): ServedAnswer =>
      index < 3 ? { payload: u32le(index + 1) } : { status: 263, detail: 0 };
    expect(await against(always, 1)).toMatchObject({ code: 'link-record-stuck' });
  });
  test.each([
    ['asks for the same record by success', () => ({ payload: u32le(0) })],
    ['asks for a record beyond the last', () => ({ payload: u32le(21) })],
    ['sends an index of three bytes', () => ({ payload: new Uint8Array(3) })],
    ['goes back to a later record', () => ({ status: 263, detail: 19 })],
  ] as [string, () => ServedAnswer][])('that %s', async (_, answer) => {
    expect(await against(answer)).toMatchObject({ code: 'link-answer-malformed' });
  });
  test('that refuses a record', async () => {
    expect(
      await against((index) => (index < 5 ? { payload: u32le(index + 1) } : { status: 260 })),
    ).toMatchObject({
      code: 'record-hash-wrong',
      fields: { from: 'agent' },
    });
  });
});
