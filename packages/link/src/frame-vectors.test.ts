// The frames of vectors/link/frames.json: what a receiver takes from a line, and what it drops in silence.

import { readFileSync } from 'node:fs';
import { concatBytes, crc32, fromHex, toHex, u32le } from '@firmseal/bytes';
import { expect, it } from 'vitest';
import { encodeFrame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../vectors/link/frames.json', import.meta.url), 'utf8'),
) as { cases: { name: string; line: string; content?: string }[] };

it.each(cases)('$name', ({ line, content }) => {
  const taken: string[] = [];
  const written: string[] = [];
  new FrameReader().push(fromHex(line), (frame) => {
    const checked = concatBytes(Uint8Array.of(frame.type, frame.sequence), frame.body);
    taken.push(toHex(concatBytes(checked, u32le(crc32(checked)))));
    written.push(toHex(encodeFrame(frame)));
  });
  expect(taken).toEqual(content === undefined ? [] : [content]);
  for (const bytes of written) expect(line).toContain(bytes);
});
