// CRC-32 as in ISO-HDLC (polynomial 0x04C11DB7 reflected, initial and final value 0xFFFFFFFF): frames of the
// agent's link. DfuSe files use the same polynomial without the final inversion (see packages/image).

const table = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  table[i] = c >>> 0;
}

/** Advances a raw CRC register (start with 0xFFFFFFFF; invert at the end for ISO-HDLC). */
export function crc32Update(register: number, bytes: Uint8Array): number {
  let c = register;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return c >>> 0;
}

/** CRC-32/ISO-HDLC of the bytes, unsigned. */
export function crc32(bytes: Uint8Array): number {
  return ~crc32Update(0xffffffff, bytes) >>> 0;
}
