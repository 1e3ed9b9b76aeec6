// The loader of the anchor at the end of a line, as `firmseal agent load` drives it
// (spec/anchor.md section 4).

import { concatBytes, u32le } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import type { Line } from './line.ts';

export const isLoader = (line: Line): boolean =>
  (decodeCbor(line.request(0x01), { maxBytes: 4096 }) as Map<number, unknown>).get(32) === true;

/**
 * The agent is asked for meanwhile: the application would run again at the end, and do again what it does.
 */
export function loadAgent(line: Line, image: Uint8Array): void {
  line.chip.setPin('agent-request', true);
  line.request(0x40, image.subarray(0, 1024));
  for (let at = 1024; at < image.length; at += 1024)
    line.request(0x41, concatBytes(u32le(at), image.subarray(at, at + 1024)));
  line.chip.setPin('agent-request', false);
}
