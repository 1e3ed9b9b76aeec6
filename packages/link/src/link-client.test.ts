import { u32le, utf8 } from '@firmseal/bytes';
import { expect, test } from 'vitest';
import { type FaultPlan, FaultyStream, serveFrames, TestClock } from '../test/index.ts';
import { encodeFrame } from './frame.ts';
import { LinkClient, type LinkClientOptions } from './link-client.ts';
import { isAgentFault, pendingType } from './message.ts';
import { createStreamPair } from './stream-pair.ts';

function setUp(plan: FaultPlan = () => ({}), options: Partial<LinkClientOptions> = {}) {
  const clock = new TestClock();
  const [host, agent] = createStreamPair();
  const link = new LinkClient({ stream: new FaultyStream(host, clock, plan), clock, ...options });
  return { clock, agent, link };
}

const none = new Uint8Array(0);
const isFrame = (chunk: Uint8Array) => chunk.length > 1;

test('a request resolves with the payload of its answer', async () => {
  const { clock, agent, link } = setUp();
  serveFrames(agent, (type, body) => ({ payload: Uint8Array.of(type, ...body) }));
  expect(await clock.run(link.request('hello', utf8('ab')))).toEqual(Uint8Array.of(2, 0x61, 0x62));
  expect(await clock.run(link.request('info', none))).toEqual(Uint8Array.of(1));
  expect(link.counts).toEqual({ dropped: 0, repeated: 0 });
});

test('the fault of the agent comes through with code, detail and origin', async () => {
  const { clock, agent, link } = setUp();
  serveFrames(agent, () => ({ status: 304, detail: 7 }));
  const fault = await clock.run(link.request('license', none).catch((error: unknown) => error));
  expect(isAgentFault(fault)).toBe(true);
  expect(fault).toMatchObject({ code: 'license-nonce-wrong', fields: { detail: 7 } });
});

test.each([
  [9999, 'link-status-unknown'],
  [450, 'link-status-unknown'],
  [901, 'link-status-unknown'],
  [1, 'link-status-unknown'],
])('a status of %i, which no agent has, is %s', async (status, code) => {
  const { clock, agent, link } = setUp();
  serveFrames(agent, () => ({ status }));
  await expect(clock.run(link.request('info', none))).rejects.toMatchObject({ code });
});

test.each(['to-agent', 'to-host'] as const)(
  'a frame lost %s is repeated as it was, and the agent acts once',
  async (lost) => {
    let losses = 0;
    const { clock, agent, link } = setUp((direction, chunk) =>
      direction === lost && isFrame(chunk) && losses++ === 0 ? { copies: 0 } : {},
    );
    const counts = serveFrames(agent, () => ({ payload: utf8('yes') }));
    expect(await clock.run(link.request('license', none))).toEqual(utf8('yes'));
    expect(losses).toBe(2);
    expect(link.counts.repeated).toBe(1);
    expect(counts).toEqual({ handled: 1, repeats: lost === 'to-host' ? 1 : 0 });
  },
);

test('an agent that says nothing ends in link-timeout after the attempts', async () => {
  const { clock, link } = setUp(undefined, { attempts: 3, answerTimeoutMs: 100 });
  await expect(clock.run(link.request('info', none))).rejects.toMatchObject({
    code: 'link-timeout',
    fields: { attempts: 3, timeoutMs: 100 },
  });
  expect(clock.nowMs()).toBe(300);
  await expect(link.request('info', none)).rejects.toMatchObject({ code: 'link-timeout' });
});

test('a pending answer moves the deadline to twice its estimate and a second', async () => {
  const { clock, agent, link } = setUp(undefined, { answerTimeoutMs: 100 });
  serveFrames(agent, async () => {
    await agent.write(encodeFrame({ type: pendingType, sequence: 0, body: u32le(4000) }));
    await new Promise<void>((resolve) => clock.after(8900, resolve));
    return { payload: utf8('late') };
  });
  expect(await clock.run(link.request('license', none))).toEqual(utf8('late'));
  expect(link.counts.repeated).toBe(0);
});

test('pending answers without end are a clean fault', async () => {
  const { clock, agent, link } = setUp(undefined, { requestLimitMs: 60_000 });
  const nag = () => {
    agent
      .write(encodeFrame({ type: pendingType, sequence: 0, body: u32le(0xffffffff) }))
      .catch(() => undefined);
    clock.after(500, nag);
  };
  nag();
  await expect(clock.run(link.request('license', none))).rejects.toMatchObject({
    code: 'link-pending-endless',
  });
  expect(clock.nowMs()).toBe(60_000);
});

test('noise, wrong sequences, wrong types and answers unasked move nothing', async () => {
  const { clock, agent, link } = setUp(undefined, { attempts: 2, answerTimeoutMs: 1000 });
  let sent = 0;
  const babble = () => {
    const frames = [
      encodeFrame({ type: 0x81, sequence: 5, body: none }),
      encodeFrame({ type: 0x82, sequence: 0, body: none }),
      encodeFrame({ type: 0x01, sequence: 0, body: none }),
      encodeFrame({ type: pendingType, sequence: 9, body: u32le(1000) }),
      encodeFrame({ type: pendingType, sequence: 0, body: none }),
      new Uint8Array(5000).fill(0xaa),
      Uint8Array.of(1, 2, 3, 0),
    ];
    for (const frame of frames) agent.write(frame).catch(() => undefined);
    sent += frames.length;
    if (sent < 1000) clock.after(20, babble);
  };
  babble();
  const fault = await clock.run(link.request('info', none).catch((error: unknown) => error));
  expect(fault).toMatchObject({ code: 'link-timeout' });
  expect(clock.nowMs()).toBe(2000);
  expect(link.counts.dropped).toBeGreaterThan(50);
});

test('an answer without status, or a fault without detail, is malformed', async () => {
  for (const body of [none, Uint8Array.of(1, 1), Uint8Array.of(1, 1, 0, 0, 0, 0, 0)]) {
    const { clock, agent, link } = setUp();
    agent.listen({
      data: () => agent.write(encodeFrame({ type: 0x81, sequence: 0, body })).catch(() => undefined),
      closed: () => undefined,
    });
    await expect(clock.run(link.request('info', none))).rejects.toMatchObject({
      code: 'link-answer-malformed',
    });
  }
});

test('nothing longer than 128 bytes leaves before the agent said what it takes', async () => {
  const { clock, agent, link } = setUp();
  serveFrames(agent, () => ({}));
  await expect(link.request('package', new Uint8Array(123))).rejects.toMatchObject({
    code: 'link-frame-too-long',
    fields: { sizeBytes: 129, longestBytes: 128 },
  });
  await clock.run(link.request('package', new Uint8Array(122)));
  link.setLongestContentBytes(1_000_000_000);
  expect(link.longestContentBytes).toBe(8192);
});

test('the end of the stream ends the open request and every later one', async () => {
  const { clock, agent, link } = setUp();
  const open = link.request('info', none);
  await agent.close();
  await expect(clock.run(open)).rejects.toMatchObject({ code: 'link-closed' });
  await expect(link.request('info', none)).rejects.toMatchObject({ code: 'link-closed' });
});

test('a transport that takes nothing is timed out too', async () => {
  const clock = new TestClock();
  const stuck = {
    write: () => new Promise<void>(() => undefined),
    listen: () => undefined,
    close: async () => {},
  };
  const link = new LinkClient({ stream: stuck, clock });
  await expect(clock.run(link.request('info', none))).rejects.toMatchObject({ code: 'link-timeout' });
});
