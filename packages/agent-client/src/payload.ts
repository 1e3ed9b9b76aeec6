// What every payload has in common: one that does not have its form is `link-answer-malformed`,
// with the exact place as the cause.

import { Fault } from '@firmseal/fault';
import type { RequestName } from '@firmseal/link';

/** Runs a reader; turns a fault of CBOR or shape into `link-answer-malformed`. */
export function readPayload<T>(what: RequestName, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith('cbor-'))
      throw new Fault('link-answer-malformed', { what }, { cause: error });
    throw error;
  }
}

/** For answers that carry nothing: a byte too many is malformed. */
export function expectEmpty(what: RequestName, payload: Uint8Array): void {
  if (payload.length > 0) throw new Fault('link-answer-malformed', { what });
}
