// Reads DER (ITU-T X.690) as strictly as the certificate profile is: one tag that is due, lengths of one to
// three bytes in their shortest form, nothing left over. Knows no X.509.

import { type Bytes, equalBytes } from '@firmseal/bytes';

/** What is not as it must be; the caller has one fault for all of it. */
export class DerError extends Error {}

function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DerError(what);
}

/** A cursor over encoded values that follow each other. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Tag of the next value; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /**
   * Content of the next value: tag, then length in 1 to 3 bytes. Lengths come from a stranger: each is
   * compared with the bytes that remain before it is used.
   */
  content(tag: number): Bytes {
    return this.encoded(tag).content;
  }

  /** The next value whole, and its content. */
  encoded(tag: number): { whole: Bytes; content: Bytes } {
    const start = this.#at;
    demand(this.#bytes[start] === tag, `tag ${tag} is due`);
    const first = this.#bytes[start + 1] ?? 0xff;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    demand(lengthBytes <= 2, 'a length of more than two bytes');
    let length = lengthBytes === 0 ? first : 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + (this.#bytes[start + 2 + i] ?? 0);
    demand(
      lengthBytes === 0 || length >= (lengthBytes === 1 ? 0x80 : 0x100),
      'a length not in shortest form',
    );
    const from = start + 2 + lengthBytes;
    demand(from + length <= this.#bytes.length, 'a value beyond the end');
    this.#at = from + length;
    return { whole: this.#bytes.slice(start, this.#at), content: this.#bytes.slice(from, this.#at) };
  }

  /** A reader over the content of the next value. */
  inner(tag: number): DerReader {
    return new DerReader(this.content(tag));
  }

  /** The next bytes are these. */
  exactly(expected: Uint8Array): void {
    const end = this.#at + expected.length;
    demand(equalBytes(this.#bytes.subarray(this.#at, end), expected), 'other bytes are due');
    this.#at = end;
  }

  /** Magnitude of a positive INTEGER in its shortest form, at most so many bytes. */
  positive(mostBytes: number): Bytes {
    const digits = this.content(0x02);
    const [first = 0x80, second = 0] = digits;
    demand(first < 0x80 && digits.some((byte) => byte !== 0), 'an INTEGER that is not positive');
    demand(first !== 0 || second >= 0x80, 'an INTEGER not in shortest form');
    const magnitude = first === 0 ? digits.slice(1) : digits;
    demand(magnitude.length <= mostBytes, 'an INTEGER that is too long');
    return magnitude;
  }

  /** Nothing is left. */
  end(): void {
    demand(this.#at === this.#bytes.length, 'bytes behind the last value');
  }
}
