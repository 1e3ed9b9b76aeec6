// Reads DER (ITU-T X.690) as far as the certificate profile has it: definite lengths below 64 KiB, low tag
// numbers. What a certificate says is written again by profile.ts and compared byte for byte, so that this
// reader has to find the fields, and nothing here has to refuse an encoding that is merely unusual.

/** One value: its tag, the bytes inside, and where the next one begins. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly end: number;
}

/**
 * The value that begins at `at`; undefined when the bytes do not hold a whole one.
 * Lengths come from an attacker.
 */
export function readDer(bytes: Uint8Array, at = 0): DerValue | undefined {
  // tag (1 byte) || length: below 0x80, or 0x81 and 1 byte, or 0x82 and 2 bytes || content
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || first > 0x82) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[at + 2 + i] ?? Number.NaN);
  const start = at + 2 + lengthBytes;
  const end = start + length;
  // NaN, from a length that was cut off, is not at most anything.
  return end <= bytes.length ? { tag, content: bytes.subarray(start, end), end } : undefined;
}

/**
 * The values that fill the bytes, one after the other; undefined when anything else
 * is between or behind them.
 */
export function readAllDer(bytes: Uint8Array): DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const value = readDer(bytes, at);
    if (value === undefined) return undefined;
    values.push(value);
    at = value.end;
  }
  return values;
}
