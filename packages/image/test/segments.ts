// Random segment lists for properties, and the small assertions on faults that the tests share.

import { Fault, type FaultCode } from '@firmseal/fault';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Segment } from '../src/segment.ts';

/** Sorted segments with a gap of at least one byte between them, all below `addressEnd`. */
export function segmentLists(addressEnd = 2 ** 32): fc.Arbitrary<Segment[]> {
  const part = fc.record({
    gap: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: Math.floor(addressEnd / 16) })),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  });
  return fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => {
    let address = 0;
    return parts.map(({ gap, bytes }) => {
      const segment = { address: address + gap, bytes: Uint8Array.from(bytes) };
      address = segment.address + bytes.length;
      return segment;
    });
  });
}

/**
 * What the function throws, which must be a Fault; undefined when it returns. Any
 * other exception fails the test.
 */
export function faultOf(action: () => unknown): FaultCode | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw new Error('the reader threw something else', { cause: error });
    // An unfilled place in a sentence reads as '?'.
    expect(error.message, error.code).not.toContain('?');
    expect(error.remedy.length, error.code).toBeGreaterThan(10);
    return error.code;
  }
}

/** A few bytes that differ from their neighbours. */
export function ramp(sizeBytes: number, first = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => first + i);
}
