// Buffers that node:crypto returns, seen as plain Uint8Array: a Buffer prints, compares and slices
// differently, and no other package should have to know that this one runs on Node.

import type { Bytes } from '@firmseal/bytes';

/** The same memory without Buffer's methods; the caller owns it (node:crypto returns a buffer of its own). */
export function bytesOfBuffer(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}
