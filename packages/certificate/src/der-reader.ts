// Reads DER (ITU-T X.690) as strictly as the certificate profile is: one tag that is due, lengths of one to
// three bytes in their shortest form, nothing left over. What it gives lies in the bytes that it was given.
// Knows no X.509.

/** What is not as it must be; the caller has one fault for all of it. */
export class DerError extends Error {}

function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new DerError(what);
}

/** A cursor over encoded values that follow each other, from `at` to before `end`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** Tag of the next value; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  /**
   * Reads tag and length (1 to 3 bytes) of the next value, and gives the place of its content. Lengths come
   * from a stranger: each is compared with the bytes that remain before it is used.
   */
  #open(tag: number): { from: number; to: number } {
    const bytes = this.#bytes;
    let at = this.#at;
    demand(this.#end - at >= 2 && bytes[at] === tag, `tag ${tag} is due`);
    const first = bytes[at + 1]!;
    at += 2;
    let length = first;
    if (first >= 0x80) {
      const lengthBytes = first & 0x7f;
      demand(lengthBytes === 1 || lengthBytes === 2, 'a length of no or more than two bytes');
      demand(this.#end - at >= lengthBytes, 'a length beyond the end');
      length = lengthBytes === 1 ? bytes[at]! : bytes[at]! * 256 + bytes[at + 1]!;
      demand(length >= (lengthBytes === 1 ? 0x80 : 0x100), 'a length not in shortest form');
      at += lengthBytes;
    }
    demand(length <= this.#end - at, 'a value beyond the end');
    this.#at = at + length;
    return { from: at, to: at + length };
  }

  /** Content of the next value. */
  content(tag: number): Uint8Array {
    const { from, to } = this.#open(tag);
    return this.#bytes.subarray(from, to);
  }

  /** The next value whole. */
  whole(tag: number): Uint8Array {
    const start = this.#at;
    return this.#bytes.subarray(start, this.#open(tag).to);
  }

  /** A reader over the content of the next value. */
  inner(tag: number): DerReader {
    const { from, to } = this.#open(tag);
    return new DerReader(this.#bytes, from, to);
  }

  /** The next bytes, whatever they are. */
  take(size: number): Uint8Array {
    demand(size <= this.#end - this.#at, 'bytes beyond the end');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** The next bytes are these. */
  exactly(expected: Uint8Array): void {
    const at = this.#at;
    demand(expected.length <= this.#end - at, 'other bytes are due');
    for (let i = 0; i < expected.length; i++)
      demand(this.#bytes[at + i] === expected[i], 'other bytes are due');
    this.#at = at + expected.length;
  }

  /** Magnitude of a positive INTEGER in its shortest form, at most so many bytes. */
  positive(mostBytes: number): Uint8Array {
    const digits = this.content(0x02);
    const [first = 0x80, second = 0] = digits;
    demand(first < 0x80, 'an INTEGER that is not positive');
    demand(first !== 0 || second >= 0x80, 'an INTEGER that is zero, or not in shortest form');
    const magnitude = first === 0 ? digits.subarray(1) : digits;
    demand(magnitude.length <= mostBytes, 'an INTEGER that is too long');
    return magnitude;
  }

  /** Nothing is left. */
  end(): void {
    demand(this.#at === this.#end, 'bytes behind the last value');
  }
}
