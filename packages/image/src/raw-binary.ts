// A raw binary: bytes for consecutive addresses. The address comes from the user, since the file has none.

import { Fault } from '@firmseal/fault';
import type { FirmwareImage } from './firmware-image.ts';
import { SegmentCollector } from './segment.ts';

/**
 * The whole file as one segment at `address`. Throws `value-out-of-range` for an address that is no
 * 32-bit one, and the collector's faults.
 */
export function readRawBinary(file: Uint8Array, address: number): FirmwareImage {
  return { format: 'bin', segments: segmentsAt(file, address, 'raw binary'), notes: [] };
}

/** One segment at a user's address, for raw binaries and DFU files without addresses. */
export function segmentsAt(bytes: Uint8Array, address: number, format: string) {
  if (!Number.isInteger(address) || address < 0 || address > 0xffffffff)
    throw new Fault('value-out-of-range', {
      what: 'The address',
      value: address,
      least: '0x00000000',
      most: '0xffffffff',
    });
  const collector = new SegmentCollector();
  collector.add(address, bytes);
  return collector.finish(format);
}
