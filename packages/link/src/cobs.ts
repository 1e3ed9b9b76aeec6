// Consistent overhead byte stuffing (Cheshire and Baker, 1999): any bytes as bytes without zero, so that a
// zero can end a frame. spec/link.md section 1. Knows nothing of what the bytes mean.

import type { Bytes } from '@firmseal/bytes';

/** A block's code byte counts itself; 255 stands for 254 bytes that no zero follows. */
const longestBlockBytes = 254;

/** The longest encoding of `sizeBytes` bytes, without the ending zero. */
export function cobsLongestBytes(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / longestBlockBytes) + (sizeBytes === 0 ? 1 : 0);
}

/** The encoding without the ending zero; of nothing, one byte. */
export function cobsEncode(bytes: Uint8Array): Bytes {
  const out = new Uint8Array(bytes.length + Math.floor(bytes.length / longestBlockBytes) + 1);
  let codeAt = 0;
  let end = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== 0) out[end++] = byte;
    if (byte === 0) {
      out[codeAt] = end - codeAt;
      codeAt = end++;
    } else if (end - codeAt === longestBlockBytes + 1 && i + 1 < bytes.length) {
      out[codeAt] = 255;
      codeAt = end++;
    }
  }
  out[codeAt] = end - codeAt;
  return out.slice(0, end);
}

/** The bytes of an encoding, which comes without its ending zero; undefined when it is malformed. */
export function cobsDecode(encoded: Uint8Array): Bytes | undefined {
  const out = new Uint8Array(encoded.length);
  let end = 0;
  let at = 0;
  while (at < encoded.length) {
    const code = encoded[at]!;
    // The code comes from the line. A block must lie inside the array, so each step moves on and `out`, as
    // long as the input, cannot overflow: a block of n code and data bytes gives at most n bytes.
    if (code === 0 || at + code > encoded.length) return undefined;
    for (let i = at + 1; i < at + code; i++) {
      if (encoded[i] === 0) return undefined;
      out[end++] = encoded[i]!;
    }
    at += code;
    if (code !== 255 && at < encoded.length) out[end++] = 0;
  }
  return encoded.length === 0 ? undefined : out.slice(0, end);
}
