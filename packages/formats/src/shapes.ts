// What the objects of the specification have in common (spec/encoding.md): the limits of its numbers
// and texts as schemas, and reading an object so that every fault of its CBOR or shape is the
// object's one "malformed" fault.

import {
  byteString,
  type CborValue,
  decodeCbor,
  integer,
  readMap,
  type Schema,
  type Shape,
  type ShapeValue,
  textString,
} from '@firmseal/cbor-cose';
import { Fault, type FaultCode } from '@firmseal/fault';

const countMax = 2 ** 31 - 1;
export const wordMax = 2 ** 32 - 1;

/** Security counter, epoch, versions, counts. */
export const count = integer(0, countMax);
/** 32 bits: an address, the content of a register. */
export const word = integer(0, wordMax);
/** Product and chip id. */
export const shortText = textString(1, 32, /^[!-~]*$/);
/** Firmware version. */
export const versionText = textString(1, 32, /^[ -~]*$/);
export const bytes16 = byteString(16);
export const bytes32 = byteString(32);
/** A public key or HPKE encapsulation by its length; whether it is a point is for the cryptography to say. */
export const pointBytes = byteString(65);

/** Runs a reading of CBOR or shapes; a fault in it becomes `malformed`, with that fault as its cause. */
export function orMalformed<T>(malformed: FaultCode, reading: () => T): T {
  try {
    return reading();
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault(malformed, {}, { cause });
  }
}

/**
 * The one CBOR item that fills the bytes. The caller has bounded their length, or
 * they are bounded by their file.
 */
export function readItem(bytes: Uint8Array, malformed: FaultCode): CborValue {
  return orMalformed(malformed, () => decodeCbor(bytes, { maxBytes: bytes.length }));
}

/** The value by a schema; `what` names it in the cause of the fault. */
export function readValue<T>(value: CborValue, malformed: FaultCode, what: string, schema: Schema<T>): T {
  return orMalformed(malformed, () => schema(value, what));
}

/** A closed map that fills the bytes. */
export function readObject<S extends Shape>(
  bytes: Uint8Array,
  malformed: FaultCode,
  what: string,
  shape: S,
): ShapeValue<S> {
  return orMalformed(malformed, () => readMap(decodeCbor(bytes, { maxBytes: bytes.length }), shape, what));
}
