// The plaintext of a package, in memory and nowhere else: what the station writes, and wipes afterwards.

import type { Bytes, Secret } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { openRecords, splitPackage } from '@firmseal/seal';
import type { InstallPackage } from '../install-package.ts';

export interface OpenedArea {
  readonly address: number;
  readonly bytes: Bytes;
}

/**
 * Every area in ascending address. The caller wipes them. Throws the faults of the records and of the content
 * key, with nothing returned.
 */
export function openAreas(
  crypto: Crypto,
  inputs: {
    file: Uint8Array;
    sealed: InstallPackage;
    contentKey: Secret;
    deviceData: readonly Uint8Array[];
  },
): OpenedArea[] {
  const { file, sealed, contentKey, deviceData } = inputs;
  const { manifest } = sealed;
  const { recordsOffset } = splitPackage(file);
  let data = 0;
  const areas = manifest.core.areas.map(({ kind, address, lengthBytes }) => ({
    address,
    bytes: kind === 'device-data' ? deviceData[data++]!.slice() : new Uint8Array(lengthBytes),
  }));
  try {
    openRecords(crypto, { file, recordsOffset, manifest, contentKey }, (chunk) => {
      const { address, bytes } = areas[chunk.areaOrdinal]!;
      bytes.set(chunk.plaintext, chunk.address - address);
      chunk.plaintext.fill(0);
    });
  } catch (error) {
    wipeAreas(areas);
    throw error;
  }
  return areas;
}

export function wipeAreas(areas: readonly OpenedArea[]): void {
  for (const { bytes } of areas) bytes.fill(0);
}
