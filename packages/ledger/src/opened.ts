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
  /** Where each record begins behind its length, and at last where the next one would. */
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

/** Follows the outline of a record: offsets stay within it, and it ends where its last item ends. */
function readSealed(record: Uint8Array): SealedEntry | undefined {
  let at = 0;
  /** Argument of the next head of this major type; NaN for another. Steps behind it. */
  const head = (due: number): number => {
    const initial = record[at++] ?? 0xff;
    if (initial >> 5 !== due) return Number.NaN;
    const info = initial & 0x1f;
    if (info < 24) return info;
    if (info > 26) return Number.NaN; // nothing here is longer than 32 bits can say
    const end = at + (1 << (info - 24));
    let argument = 0;
    while (at < end) argument = argument * 256 + (record[at++] ?? Number.NaN);
    return argument;
  };
  /** Steps behind a string; undefined when it is longer than what is left. */
  const string = (due: number): Uint8Array | undefined => {
    const length = head(due);
    const start = at;
    at += length;
    return at <= record.length ? record.subarray(start, at) : undefined;
  };
  if (head(major.array) !== 3) return undefined;
  const [salt, entry] = [string(major.bytes), string(major.bytes)];
  if (salt === undefined || entry === undefined) return undefined;
  const count = head(major.array);
  // Each pair takes three bytes at least, so that the loop is bounded by what is left.
  if (!(count * 3 <= record.length - at)) return undefined;
  for (let i = 0; i < count; i++) {
    if (head(major.array) !== 2 || string(major.text) === undefined) return undefined;
    const kind = (record[at] ?? 0xff) >> 5;
    if (kind === major.bytes || kind === major.text) {
      if (string(kind) === undefined) return undefined;
    } else if (kind === 7) {
      at++; // true or false; at() looks at which
    } else if (kind > 1 || Number.isNaN(numberEnd(kind))) {
      return undefined;
    }
  }
  return at === record.length ? { salt, entry } : undefined;

  /** Steps behind an integer, which may have 64 bits. */
  function numberEnd(kind: number): number {
    if ((record[at]! & 0x1f) !== 27) return head(kind);
    at += 9;
    return at;
  }
}

/**
 * The first `count` entries of a file. Throws `ledger-file-missing` when there are fewer, and
 * `ledger-entry-wrong` for a record of another form.
 */
export function* readOpened(bytes: Uint8Array, count: number, file: string): Generator<OpenedEntry> {
  const opened = new OpenedFile(bytes, count, file);
  for (let i = 0; i < count; i++) yield opened.at(i);
}
