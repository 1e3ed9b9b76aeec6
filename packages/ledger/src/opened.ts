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

/**
 * The first `count` entries of a file, each with its place for messages. Throws `ledger-file-missing` when
 * there are fewer, and `ledger-entry-wrong` for a record of another form.
 */
export function* readOpened(bytes: Uint8Array, count: number, file: string): Generator<OpenedEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = at + lengthSizeBytes <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY;
    const end = at + lengthSizeBytes + length;
    if (end > bytes.length) throw new Fault('ledger-file-missing', { file: `${file}, entry ${i} of it` });
    const wrong = (cause?: unknown) =>
      new Fault('ledger-entry-wrong', { what: file, problem: `record ${i} has another form` }, { cause });
    let opened: OpenedEntry | undefined;
    try {
      opened = decodeRecord(bytes.subarray(at + lengthSizeBytes, end));
    } catch (cause) {
      throw wrong(cause);
    }
    if (opened === undefined) throw wrong();
    yield opened;
    at = end;
  }
}
