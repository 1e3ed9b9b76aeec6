// Memory as the text that read_memory gives and write_memory takes: numbers with a prefix 0x, separated
// by spaces; words are those of the target, little-endian on every STM32.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** Values of `count` words of `widthBits`; throws `openocd-answer-malformed`. */
export function readWords(
  text: string,
  { widthBits, count }: { widthBits: 8 | 32; count: number },
): number[] {
  const parts = text.trim().split(/\s+/);
  const values = parts.map((part) => (/^0x[0-9a-f]{1,8}$/i.test(part) ? Number(part) : Number.NaN));
  if (values.length !== count || values.some((value) => Number.isNaN(value) || value >= 2 ** widthBits))
    throw new Fault('openocd-answer-malformed', { problem: `not ${count} values of ${widthBits} bits` });
  return values;
}

export function bytesOfWords(words: readonly number[]): Bytes {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return bytes;
}

/** A multiple of 4 bytes. */
export function wordsOfBytes(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

export const hex = (value: number): string => `0x${value.toString(16)}`;
