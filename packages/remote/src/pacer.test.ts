// The pacer: what the station answers at once so that a line far away need not wait for each answer.

import { concatBytes } from '@firmseal/bytes';
import { answerBit, encodeFrame, pendingType } from '@firmseal/link';
import { expect, test } from 'vitest';
import { Pacer } from './pacer.ts';

const record = 0x22;
const frame = (sequence: number, type = record, length = 40) =>
  encodeFrame({ type, sequence, body: new Uint8Array(length).fill(sequence) });
const answer = (sequence: number, type = record | answerBit) =>
  encodeFrame({ type, sequence, body: new Uint8Array(6) });

/** A pacer, and what has gone to the chip, as one text for each write. */
function paced() {
  const sent: Uint8Array[] = [];
  const pacer = new Pacer((bytes) => sent.push(bytes));
  return { pacer, sent };
}

test('one frame is unanswered, the next goes with the answer', () => {
  const { pacer, sent } = paced();
  pacer.fromLine(concatBytes(frame(1), frame(2), frame(3)));
  expect(sent).toEqual([frame(1)]);
  pacer.fromChip(answer(1, pendingType));
  pacer.fromChip(answer(7));
  expect(sent).toHaveLength(1);
  pacer.fromChip(answer(1));
  expect(sent).toEqual([frame(1), frame(2)]);
  pacer.fromChip(answer(2));
  pacer.fromChip(answer(3));
  expect(sent).toEqual([frame(1), frame(2), frame(3)]);
});

test('a repeat of the unanswered frame goes at once, before those that wait for its answer', () => {
  const { pacer, sent } = paced();
  pacer.fromLine(concatBytes(frame(1), frame(2)));
  pacer.fromLine(frame(1));
  expect(sent).toEqual([frame(1), frame(1)]);
  pacer.fromChip(answer(1));
  pacer.fromChip(answer(1)); // of the repeat
  expect(sent).toEqual([frame(1), frame(1), frame(2)]);
});

test('a damaged answer frees nothing; the answer to the repeat does', () => {
  const { pacer, sent } = paced();
  pacer.fromLine(concatBytes(frame(1), frame(2)));
  const damaged = answer(1);
  damaged[3]! ^= 4;
  pacer.fromChip(damaged);
  expect(sent).toHaveLength(1);
  pacer.fromLine(frame(1));
  pacer.fromChip(answer(1));
  expect(sent.at(-1)).toEqual(frame(2));
});

test('what is no frame is passed on as it is, in pieces or whole', () => {
  const { pacer, sent } = paced();
  const noise = Uint8Array.of(0x55, 0xff, 0x13, 0);
  pacer.fromLine(Uint8Array.of(0));
  pacer.fromLine(noise.subarray(0, 2));
  pacer.fromLine(noise.subarray(2));
  expect(sent).toEqual([Uint8Array.of(0), noise]);
  const endless = new Uint8Array(20_000).fill(0x55);
  pacer.fromLine(endless);
  expect(sent.at(-1)).toEqual(endless);
});

test('frames in pieces of one byte are the same frames', () => {
  const { pacer, sent } = paced();
  for (const byte of concatBytes(frame(1), frame(2))) pacer.fromLine(Uint8Array.of(byte));
  for (const byte of answer(1)) pacer.fromChip(Uint8Array.of(byte));
  expect(sent).toEqual([frame(1), frame(2)]);
});
