// Opened entries beside the tiles (spec/ledger.md section 5): for every leaf its salt, its entry, and the
// objects that the entry names. Only auditors get them; the tiles alone tell nothing but how many there are.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { tileNumberPath } from './tiles.ts';

export type OpenedValue = string | number | boolean | Uint8Array;

export interface OpenedEntry {
  readonly salt: Uint8Array;
  readonly entry: Uint8Array;
  /** Signed objects and claims by name; which there are depends on the kind of the entry. */
  readonly objects: Readonly<Record<string, OpenedValue>>;
}

/** File with the opened entries of tile `number`. The last one grows in place. */
export const openedPath = (number: number): string => `opened/${tileNumberPath(number)}`;

const recordSizeBytesAtMost = 32_768;
const lengthSizeBytes = 4;

/**
 * Length (32 bits, big-endian) and deterministic CBOR
 * `[salt, entry, [[name, value], ...]]`, names in ascending order.
 */
export function encodeOpened({ salt, entry, objects }: OpenedEntry): Bytes {
  const names = Object.keys(objects).sort();
  const record = encodeCbor([salt, entry, names.map((name): CborInput => [name, objects[name]!])]);
  const bytes = new Uint8Array(lengthSizeBytes + record.length);
  new DataView(bytes.buffer).setUint32(0, record.length);
  bytes.set(record, lengthSizeBytes);
  return bytes;
}

const isValue = (value: unknown): value is OpenedValue =>
  ['string', 'number', 'boolean'].includes(typeof value) || value instanceof Uint8Array;

function decodeRecord(bytes: Uint8Array): OpenedEntry | undefined {
  const value = decodeCbor(bytes, { maxBytes: recordSizeBytesAtMost });
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [salt, entry, list] = value;
  if (!(salt instanceof Uint8Array) || !(entry instanceof Uint8Array) || !Array.isArray(list))
    return undefined;
  const objects: Record<string, OpenedValue> = {};
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [name, object] = pair;
    if (typeof name !== 'string' || !isValue(object) || Object.hasOwn(objects, name)) return undefined;
    objects[name] = object;
  }
  return { salt, entry, objects };
}

/** What the tree and the chain are made of; parts of the file, not copies. */
export interface SealedEntry {
  readonly salt: Uint8Array;
  readonly entry: Uint8Array;
}

/** The records of one file by their numbers; each is decoded when it is asked for. */
export class OpenedFile {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  /** Where each record begins, after its length, and at last where the next one would. */
  readonly #starts: Float64Array;

  /**
   * `count`: how many of its records count. Throws `ledger-file-missing` when there are fewer. `file` is the
   * name for messages.
   */
  constructor(bytes: Uint8Array, count: number, file: string) {
    this.#bytes = bytes;
    this.#file = file;
    this.#starts = new Float64Array(count + 1);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const length = at + lengthSizeBytes <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
      this.#starts[i] = at + lengthSizeBytes;
      at += lengthSizeBytes + length;
      if (at > bytes.length) throw new Fault('ledger-file-missing', { file: `${file}, entry ${i} of it` });
    }
    this.#starts[count] = at + lengthSizeBytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  #record(i: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[i]!, this.#starts[i + 1]! - lengthSizeBytes);
  }

  #wrong(i: number, cause?: unknown): Fault {
    return new Fault(
      'ledger-entry-wrong',
      { what: this.#file, problem: `record ${i} has another form` },
      { cause },
    );
  }

  /** Throws `ledger-entry-wrong`. */
  at(i: number): OpenedEntry {
    let opened: OpenedEntry | undefined;
    try {
      opened = decodeRecord(this.#record(i));
    } catch (cause) {
      throw this.#wrong(i, cause);
    }
    if (opened === undefined) throw this.#wrong(i);
    return opened;
  }

  /**
   * Salt and entry alone. Of the objects no more is looked at than where each ends: at() refuses some that
   * pass here. Throws `ledger-entry-wrong`.
   */
  sealedAt(i: number): SealedEntry {
    const sealed = readSealed(this.#record(i));
    if (sealed === undefined) throw this.#wrong(i);
    return sealed;
  }
}

const major = { bytes: 2, text: 3, array: 4 } as const;

/** Steps through the outline of a record; every offset stays within it, or is NaN. */
class Outline {
  readonly #record: Uint8Array;
  at = 0;

  constructor(record: Uint8Array) {
    this.#record = record;
  }

  /** Argument of the head here, which must be of this major type and below 2^32; else NaN. */
  head(due: number): number {
    const record = this.#record;
    const info = (record[this.at++] ?? 0xff) - (due << 5);
    if (info >= 0 && info < 24) return info;
    if (info < 24 || info > 26) return Number.NaN;
    const end = this.at + (1 << (info - 24));
    let argument = 0;
    while (this.at < end) argument = argument * 256 + (record[this.at++] ?? Number.NaN);
    return argument;
  }

  /** Steps behind a string; false for another item, and for one that is longer than what is left. */
  string(due: number): boolean {
    const length = this.head(due);
    if (!(length <= this.#record.length - this.at)) return false;
    this.at += length;
    return true;
  }

  /** Steps behind a number, a string, or what may be true or false. */
  value(): boolean {
    const initial = this.#record[this.at] ?? 0xff;
    const kind = initial >> 5;
    if (kind === major.bytes || kind === major.text) return this.string(kind);
    if (kind === 7) this.at += 1;
    else if (kind > 1) return false;
    else if ((initial & 0x1f) === 27) this.at += 9;
    else return !Number.isNaN(this.head(kind));
    return true;
  }

  get isAtEnd(): boolean {
    return this.at === this.#record.length;
  }
}

function readSealed(record: Uint8Array): SealedEntry | undefined {
  const outline = new Outline(record);
  if (outline.head(major.array) !== 3 || !outline.string(major.bytes)) return undefined;
  const saltEnd = outline.at;
  if (!outline.string(major.bytes)) return undefined;
  const entryEnd = outline.at;
  const count = outline.head(major.array);
  // Each pair takes three bytes at least, so that what is left bounds the loop.
  if (!(count * 3 <= record.length - outline.at)) return undefined;
  for (let i = 0; i < count; i++) {
    const isPair = outline.head(major.array) === 2 && outline.string(major.text) && outline.value();
    if (!isPair) return undefined;
  }
  return outline.isAtEnd ? sealedOf(record, saltEnd, entryEnd) : undefined;
}

/** The two byte strings at the beginning of a record, by where each ends. */
function sealedOf(record: Uint8Array, saltEnd: number, entryEnd: number): SealedEntry {
  const outline = new Outline(record);
  outline.head(major.array);
  outline.head(major.bytes);
  const salt = record.subarray(outline.at, saltEnd);
  outline.at = saltEnd;
  outline.head(major.bytes);
  return { salt, entry: record.subarray(outline.at, entryEnd) };
}

/**
 * The first `count` entries of a file. Throws `ledger-file-missing` when there are fewer, and
 * `ledger-entry-wrong` for a record of another form.
 */
export function* readOpened(bytes: Uint8Array, count: number, file: string): Generator<OpenedEntry> {
  const opened = new OpenedFile(bytes, count, file);
  for (let i = 0; i < count; i++) yield opened.at(i);
}
