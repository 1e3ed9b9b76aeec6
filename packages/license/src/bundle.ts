// The license bundle as it travels to a chip: [license, delegation of its issuer, epoch statement or null].
// spec/license.md section 1.

import type { Bytes } from '@firmseal/bytes';
import { byteString, encodeCbor, nullable, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { readItem, readValue } from '@firmseal/formats';

export interface LicenseBundle {
  /** Encoded objects. */
  readonly license: Bytes;
  readonly delegation: Bytes;
  readonly epoch?: Bytes;
}

const bundleMaxBytes = 4096;
const object = byteString(0, bundleMaxBytes);
const three = tuple(object, object, nullable(object));

/** Throws `license-malformed` for one that no reader would take. */
export function makeLicenseBundle({ license, delegation, epoch }: LicenseBundle): Bytes {
  const bytes = encodeCbor([license, delegation, epoch ?? null]);
  if (bytes.length > bundleMaxBytes) throw new Fault('license-malformed', { lengthBytes: bytes.length });
  return bytes;
}

/** Throws `license-malformed`. */
export function readLicenseBundle(bytes: Uint8Array): LicenseBundle {
  if (bytes.length > bundleMaxBytes) throw new Fault('license-malformed', { lengthBytes: bytes.length });
  const value = readItem(bytes, 'license-malformed');
  const [license, delegation, epoch] = readValue(value, 'license-malformed', 'bundle', three);
  return { license, delegation, ...(epoch ? { epoch } : {}) };
}
