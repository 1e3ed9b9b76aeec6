// The agent's side of frames for tests: answers requests through a handler and keeps the rule of repeats of
// spec/link.md section 2. It is a model of the agent's link, not of the agent.

import { type Bytes, crc32, u32le } from '@firmseal/bytes';
import { answerBit, type ByteStream, encodeFrame, FrameReader, pendingType } from '../src/index.ts';

export interface ServedAnswer {
  readonly status?: number;
  /** With a status other than 0. */
  readonly detail?: number;
  readonly payload?: Uint8Array;
  /** Estimates of pending answers to send first. */
  readonly pendingMs?: readonly number[];
  /** Says nothing at all. */
  readonly silent?: true;
}

export type FrameHandler = (type: number, body: Bytes) => ServedAnswer | Promise<ServedAnswer>;

/**
 * Serves until the stream closes; `counts.handled` are requests that reached the
 * handler, repeats not among them.
 */
export function serveFrames(stream: ByteStream, handler: FrameHandler): { handled: number; repeats: number } {
  const counts = { handled: 0, repeats: 0 };
  const reader = new FrameReader();
  let last: { key: string; answer: Bytes } | undefined;
  let queue: Promise<void> = Promise.resolve();
  const send = (bytes: Bytes) => stream.write(bytes).catch(() => undefined);
  const serve = async (type: number, sequence: number, body: Bytes) => {
    const key = `${type} ${sequence} ${crc32(body)}`;
    if (last?.key === key) {
      counts.repeats++;
      await send(last.answer);
      return;
    }
    counts.handled++;
    const { status = 0, detail = 0, payload, pendingMs = [], silent } = await handler(type, body);
    if (silent) return;
    for (const estimateMs of pendingMs)
      await send(encodeFrame({ type: pendingType, sequence, body: u32le(estimateMs) }));
    const tail = status === 0 ? (payload ?? new Uint8Array(0)) : u32le(detail);
    const answerBody = new Uint8Array(2 + tail.length);
    answerBody.set([status & 0xff, status >> 8]);
    answerBody.set(tail, 2);
    last = { key, answer: encodeFrame({ type: type | answerBit, sequence, body: answerBody }) };
    await send(last.answer);
  };
  stream.listen({
    data: (bytes) =>
      reader.push(bytes, ({ type, sequence, body }) => {
        queue = queue.then(() => serve(type, sequence, body));
      }),
    closed: () => undefined,
  });
  return counts;
}
