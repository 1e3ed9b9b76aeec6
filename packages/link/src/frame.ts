// A frame: type, sequence, body, CRC-32, wrapped in COBS and ended by a zero byte. spec/link.md section 1.
// What types mean stands in message.ts; collecting frames from a stream is frame-reader.ts.

import { type Bytes, concatBytes, crc32, u32le } from '@firmseal/bytes';
import { cobsDecode, cobsEncode } from './cobs.ts';

/** The header as it lies on the line: one byte each. */
const frameHeader = { type: { offset: 0 }, sequence: { offset: 1 } } as const;
const frameHeaderBytes = 2;
const frameCheckBytes = 4;
const frameLeastContentBytes = frameHeaderBytes + frameCheckBytes;

/** What a host may send before it knows the agent's own limit. */
export const frameFirstContentBytes = 128;
/**
 * The longest content that this program sends or takes, whatever the agent claims: a
 * header or a record, and room.
 */
export const frameLongestContentBytes = 8192;

type FrameHeader = { readonly [field in keyof typeof frameHeader]: number };

export interface Frame extends FrameHeader {
  readonly body: Bytes;
}

/** Content length of a frame with a body of `bodyBytes`. */
export function frameContentBytes(bodyBytes: number): number {
  return frameHeaderBytes + bodyBytes + frameCheckBytes;
}

/** The bytes on the line, the ending zero included. */
export function encodeFrame(frame: { type: number; sequence: number; body: Uint8Array }): Bytes {
  const header = new Uint8Array(frameHeaderBytes);
  header[frameHeader.type.offset] = frame.type;
  header[frameHeader.sequence.offset] = frame.sequence;
  const content = concatBytes(header, frame.body);
  return concatBytes(cobsEncode(concatBytes(content, u32le(crc32(content)))), Uint8Array.of(0));
}

/**
 * The frame behind what stood between two zero bytes; undefined when it is not COBS, too
 * short, or its CRC is wrong.
 */
export function decodeFrame(encoded: Uint8Array): Frame | undefined {
  const content = cobsDecode(encoded);
  if (content === undefined || content.length < frameLeastContentBytes) return undefined;
  const checked = content.subarray(0, content.length - frameCheckBytes);
  const check = u32le(crc32(checked));
  for (let i = 0; i < frameCheckBytes; i++) if (content[checked.length + i] !== check[i]) return undefined;
  return {
    type: content[frameHeader.type.offset]!,
    sequence: content[frameHeader.sequence.offset]!,
    body: content.slice(frameHeaderBytes, checked.length),
  };
}
