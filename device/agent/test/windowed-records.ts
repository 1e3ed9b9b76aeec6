// A host that keeps the agent's window of records full: the next one goes out as soon as an answer is in. The
// chip's clock runs meanwhile, so that wire and flash overlap as they do on a board.

import { u32le } from '@firmseal/bytes';
import { encodeFrame, FrameReader } from '@firmseal/link';
import type { Line } from './line.ts';
import type { TestPackage } from './trusted-site.ts';

const recordType = 0x22;
const repeatsMost = 16;

/**
 * The host changes its rate: it repeats an info until the agent, which counts framing errors, has followed.
 */
export function changeRate(line: Line, baud: number): void {
  line.chip.hostBaud = baud;
  for (let i = 0; i < repeatsMost; i++)
    if (line.raw(encodeFrame({ type: 0x01, sequence: i, body: new Uint8Array(0) })).length > 0) return;
  throw new Error(`the agent did not follow to ${baud} baud`);
}

/** Throws unless every record was answered with success, in its turn. */
export function streamRecords(line: Line, { records }: TestPackage, window: number): void {
  const { chip } = line;
  const reader = new FrameReader();
  const listener = chip.onLink;
  let sent = 0;
  let answered = 0;
  const next = () => {
    const index = sent++;
    const body = new Uint8Array([...u32le(index), ...records[index]!]);
    return encodeFrame({ type: recordType, sequence: index & 0xff, body });
  };
  chip.onLink = (bytes) => {
    reader.push(bytes, ({ type, sequence, body }) => {
      if (type !== (recordType | 0x80)) return;
      if (sequence !== (answered & 0xff) || body[0] !== 0 || body[1] !== 0)
        throw new Error(`record ${answered}: answer ${[...body].join(' ')} to sequence ${sequence}`);
      answered++;
      if (sent < records.length) chip.receive(next());
    });
  };
  try {
    const first = Array.from({ length: Math.min(window, records.length) }, next);
    chip.receive(new Uint8Array(first.flatMap((frame) => [...frame])));
  } finally {
    chip.onLink = listener;
  }
  if (answered !== records.length) throw new Error(`${answered} of ${records.length} records were answered`);
}
