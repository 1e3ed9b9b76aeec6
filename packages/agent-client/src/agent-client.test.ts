import { fromHex, u32le, utf8 } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { createStreamPair } from '@firmseal/link';
import { type FrameHandler, serveFrames, TestClock } from '@firmseal/link/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentClient } from './agent-client.ts';
import { readAgentInfo } from './agent-info.ts';
import { readHelloAnswer } from './hello-answer.ts';
import { readPersonalizeBegun } from './personalize.ts';

const infoEntries: [number, CborInput][] = [
  [0, 1],
  [1, 'stm32f427'],
  [2, 3],
  [3, 1],
  [4, 4200],
  [5, 2],
  [6, 0],
  [7, 2],
  [8, fromHex('0102030405060708090a0b0c')],
];
const infoPayload = encodeCbor(new Map(infoEntries));

async function connect(handler: FrameHandler, firstSequence = 0) {
  const clock = new TestClock();
  const [stream, agent] = createStreamPair();
  const counts = serveFrames(agent, (type, body) =>
    type === 0x01 ? { payload: infoPayload } : handler(type, body),
  );
  const client = await clock.run(AgentClient.connect({ stream, clock, firstSequence }));
  return { client, clock, counts };
}

test('connect reads the info twice and takes its limits', async () => {
  const { client, counts } = await connect(() => ({}));
  expect(counts.handled).toBe(2);
  expect(client.info).toEqual({
    chipId: 'stm32f427',
    agentVersion: 3,
    lifeCycle: 'personalized',
    longestContentBytes: 4200,
    window: 2,
    nextRecord: 0,
    readoutLevel: 2,
    uniqueId: fromHex('0102030405060708090a0b0c'),
  });
});

test('every request leaves with its type and body', async () => {
  const seen: [number, string][] = [];
  const { client, clock } = await connect((type, body) => {
    seen.push([type, new TextDecoder().decode(body)]);
    if (type === 0x02) return { payload: encodeCbor([utf8('certificate'), utf8('hello')]) };
    if (type === 0x21) return { payload: encodeCbor(seen.length < 5 ? 1 : 0) };
    if (type === 0x24) return { payload: utf8('receipt') };
    return {};
  });
  expect(await clock.run(client.hello(utf8('c')))).toEqual({
    certificate: utf8('certificate'),
    hello: utf8('hello'),
  });
  await clock.run(client.sendPackageHeader(utf8('header')));
  expect(await clock.run(client.sendLicense(utf8('bundle')))).toBe('resetting');
  await clock.run(client.acknowledge());
  expect(await clock.run(client.sendLicense(utf8('bundle')))).toBe('ready');
  expect(await clock.run(client.receipt())).toEqual(utf8('receipt'));
  expect(await clock.run(client.receipt(utf8('n')))).toEqual(utf8('receipt'));
  await clock.run(client.start());
  expect(seen).toEqual([
    [0x02, 'c'],
    [0x20, 'header'],
    [0x21, 'bundle'],
    [0x25, ''],
    [0x21, 'bundle'],
    [0x24, ''],
    [0x24, 'n'],
    [0x26, ''],
  ]);
});

test('personalization carries its maps', async () => {
  const key = new Uint8Array(65).fill(4);
  const bodies: unknown[] = [];
  const { client, clock } = await connect((type, body) => {
    bodies.push(decodeCbor(body, { maxBytes: 4096 }));
    return type === 0x10 ? { payload: encodeCbor([key, key, utf8('hello')]) } : {};
  });
  const origin = { kind: 'enrolled' as const, rehearsal: true };
  const begin = { rootPublicKey: key, product: 'p', epoch: 2, challenge: utf8('c'), origin };
  await clock.run(client.personalizeBegin(begin));
  const begun = await clock.run(client.personalizeBegin({ ...begin, seed: new Uint8Array(32) }));
  expect(begun).toEqual({ signingKey: key, kemKey: key, hello: utf8('hello') });
  const optionBytes = [{ register: 1, mask: 0xffff, value: 0xcc }];
  await clock.run(client.personalizeFinish({ certificate: utf8('der'), optionBytes }));
  const map = new Map<number, unknown>([
    [0, key],
    [1, 'p'],
    [2, 2],
    [3, utf8('c')],
    [5, 6],
  ]);
  expect(bodies).toEqual([
    map,
    new Map([...map, [4, new Uint8Array(32)]]),
    [utf8('der'), [[1, 0xffff, 0xcc]]],
  ]);
});

test('records go through the window of the info', async () => {
  const accepted: number[] = [];
  const { client, clock } = await connect((_, body) => {
    accepted.push(body[0]!);
    return { payload: u32le(accepted.length) };
  });
  await clock.run(client.streamRecords({ count: 5, recordAt: (index) => Uint8Array.of(index) }));
  expect(accepted).toEqual([0, 1, 2, 3, 4]);
});

test('an answer kept from an earlier connection is not taken for the info of this one', async () => {
  const clock = new TestClock();
  const [near, far] = createStreamPair();
  let version = 0;
  serveFrames(far, () => ({ payload: encodeCbor(new Map([...infoEntries, [2, ++version]])) }));
  // An earlier host ended with an info request of sequence 0; the next host starts there too.
  const handlers: ((bytes: Uint8Array) => void)[] = [];
  near.listen({ data: (bytes) => handlers.at(-1)?.(bytes), closed: () => undefined });
  const borrowed = () => ({
    write: (bytes: Uint8Array) => near.write(bytes),
    listen: (listener: { data(bytes: Uint8Array): void }) => {
      handlers.push((bytes) => listener.data(bytes));
    },
    close: async () => undefined,
  });
  const first = await clock.run(AgentClient.connect({ stream: borrowed(), clock, firstSequence: 255 }));
  expect(first.info.agentVersion).toBe(2);
  const second = await clock.run(AgentClient.connect({ stream: borrowed(), clock, firstSequence: 0 }));
  expect(version).toBe(3);
  expect(second.info.agentVersion).toBe(3);
});

describe('answers that are not of the form', () => {
  const changed = (key: number, value: CborInput) => encodeCbor(new Map([...infoEntries, [key, value]]));
  test.each([
    ['an unknown key', changed(12, 0)],
    ['a board fault beyond two bytes', changed(9, 65_536)],
    ['a missing key', encodeCbor(new Map(infoEntries.slice(0, 8)))],
    ['a life cycle beyond the last', changed(3, 8)],
    ['a frame below 128 bytes', changed(4, 127)],
    ['a window of no records', changed(5, 0)],
    ['a readout level of 3', changed(7, 3)],
    ['control characters in the chip id', changed(1, 'a\u001b[2J')],
    ['trailing bytes', Uint8Array.of(...infoPayload, 0)],
    ['nothing', new Uint8Array(0)],
  ])('info with %s', (_, payload) => {
    expect(() => readAgentInfo(payload)).toThrow(expect.objectContaining({ code: 'link-answer-malformed' }));
  });
  test('another link version is named, whatever else it holds', () => {
    expect(() => readAgentInfo(encodeCbor(new Map([[0, 2]])))).toThrow(
      expect.objectContaining({ code: 'link-version-unsupported' }),
    );
  });
  test('any bytes: decoded or refused with that code, never anything else', () => {
    for (const read of [readAgentInfo, readHelloAnswer, readPersonalizeBegun])
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'link-answer-malformed' }));
        }),
        { seed: 4, numRuns: 300 },
      );
  });
  test('a byte where no byte belongs', async () => {
    const { client, clock } = await connect(() => ({ payload: Uint8Array.of(0) }));
    await expect(clock.run(client.acknowledge())).rejects.toMatchObject({ code: 'link-answer-malformed' });
    await expect(clock.run(client.start())).rejects.toMatchObject({ code: 'link-answer-malformed' });
    await expect(clock.run(client.sendPackageHeader(utf8('h')))).rejects.toMatchObject({
      code: 'link-answer-malformed',
    });
  });
  test('a license answer of 2', async () => {
    const { client, clock } = await connect(() => ({ payload: encodeCbor(2) }));
    await expect(clock.run(client.sendLicense(utf8('b')))).rejects.toMatchObject({
      code: 'link-answer-malformed',
    });
  });
});
