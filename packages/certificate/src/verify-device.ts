// Who a chip is: its certificate under the device CA that the root delegated (spec/device.md
// section 2). A unique id register proves nothing and is not looked at; the thumbprint of the two
// certified keys is the device's only name.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { DevicePublic } from '@firmseal/formats';
import { verifyDeviceCertificate } from './verify.ts';

export interface DeviceTrust {
  readonly product: string;
  /** Public keys of the delegated device CAs. */
  readonly deviceCaKeys: readonly Bytes[];
}

/**
 * The device of a certificate, which one of the CAs must have signed. `atMs`: when it must be valid. Throws
 * `certificate-malformed`, `certificate-signature-invalid`,
 * `certificate-product-wrong`, `certificate-expired`.
 */
export function verifyDevice(
  crypto: Crypto,
  trust: DeviceTrust,
  { certificate, atMs }: { certificate: Bytes; atMs: number },
): DevicePublic {
  const { product, deviceCaKeys: caPublicKeys } = trust;
  return verifyDeviceCertificate(crypto, certificate, { caPublicKeys, product, now: new Date(atMs) });
}
