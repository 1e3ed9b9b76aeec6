// Frames of the agent's link: spec/link.md section 1. Each case is what stands on the line and the
// content that a receiver takes from it, or none. The encoder here is written from the
// specification and is not the product's.

import { type Bytes, concatBytes, crc32, u32le } from '@firmseal/bytes';

interface LinkCase {
  readonly name: string;
  /** Everything that is sent, zero bytes included. */
  readonly line: Bytes;
  /**
   * Type, sequence, body and CRC of the one frame that arrives; absent when the receiver
   * drops all and says nothing.
   */
  readonly content?: Bytes;
}

/** A type that no agent knows: who takes the frame answers `request-unknown` with the same sequence. */
const unknownType = 0x55;

/** COBS of Cheshire and Baker: runs of up to 254 bytes without zero, each behind its length plus one. */
function cobs(content: Uint8Array): Bytes {
  const out: number[] = [];
  let run: number[] = [];
  const close = () => {
    out.push(run.length + 1, ...run);
    run = [];
  };
  for (const [i, byte] of content.entries()) {
    if (byte === 0) close();
    else {
      run.push(byte);
      if (run.length === 254 && i < content.length - 1) close();
    }
  }
  close();
  return Uint8Array.from(out);
}

const withCrc = (bytes: Uint8Array): Bytes => concatBytes(bytes, u32le(crc32(bytes)));
const contentOf = (sequence: number, body: Uint8Array): Bytes =>
  withCrc(concatBytes(Uint8Array.of(unknownType, sequence), body));
const zero = Uint8Array.of(0);
const lineOf = (content: Uint8Array): Bytes => concatBytes(cobs(content), zero);

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i % 255) + 1);

function whole(name: string, sequence: number, body: Uint8Array): LinkCase {
  const content = contentOf(sequence, body);
  return { name, line: lineOf(content), content };
}

/** In the order of the file. */
export function linkCases(): LinkCase[] {
  const plain = contentOf(9, counting(20));
  const encoded = cobs(plain);
  const flipped = (at: number) => encoded.map((byte, i) => (i === at ? byte ^ 0x10 : byte));
  return [
    whole('an empty body', 1, new Uint8Array(0)),
    whole('a body of one zero', 2, zero),
    whole('a body of zeros', 3, new Uint8Array(40)),
    whole('a body without zero', 4, counting(100)),
    whole('sequence 0', 0, counting(3)),
    whole('sequence 255', 255, counting(3)),
    whole('a run of 254 bytes before the CRC', 5, counting(252)),
    whole('a run of 255 bytes', 6, counting(253)),
    whole('zeros among bytes', 7, Uint8Array.of(0, 1, 0, 0, 2, 3, 0)),
    { name: 'a zero byte first', line: concatBytes(zero, encoded, zero), content: plain },
    { name: 'empty frames around it', line: concatBytes(zero, zero, encoded, zero, zero), content: plain },
    {
      name: 'what an earlier host left behind',
      line: concatBytes(counting(30), zero, encoded, zero),
      content: plain,
    },
    { name: 'nothing but zeros', line: new Uint8Array(8) },
    { name: 'a bit of the body flipped', line: concatBytes(flipped(8), zero) },
    { name: 'a bit of the CRC flipped', line: concatBytes(flipped(encoded.length - 1), zero) },
    {
      name: 'a length byte beyond the frame',
      line: concatBytes(Uint8Array.of(200), encoded.subarray(1), zero),
    },
    { name: 'cut short', line: concatBytes(encoded.subarray(0, encoded.length - 2), zero) },
    { name: 'five bytes of content', line: lineOf(Uint8Array.of(1, 2, 3, 4, 5)) },
    { name: 'a CRC alone', line: lineOf(u32le(0)) },
    {
      name: 'the CRC in the other byte order',
      line: lineOf(concatBytes(plain.subarray(0, -4), plain.slice(-4).reverse())),
    },
    { name: 'never ended', line: encoded },
  ];
}
