// A license that a receipt names and that nobody here has seen: the receipt can be verified all the same, and
// the license, with the per-device data that it tells, is left to the authority.

import type { Bytes } from '@firmseal/bytes';
import type { DevicePublic } from '@firmseal/formats';
import type { Manifest } from '@firmseal/seal';
import type { Receipt } from './receipt.ts';
import type { VerifiedLicense } from './verify-license.ts';

/** What verifyReceipt takes in place of the license. Its nonce is unknown, so only a fresh receipt passes. */
export function claimedLicense(
  claimed: Receipt,
  { manifest, device }: { manifest: Manifest; device: DevicePublic },
): Pick<VerifiedLicense, 'terms' | 'digest'> {
  const { licenseId, jobId, areas, licenseDigest } = claimed;
  const { thumbprint, origin } = device;
  const deviceDataDigests = areas.filter(
    (evidence, i): evidence is Bytes =>
      typeof evidence !== 'number' && manifest.core.areas[i]?.kind === 'device-data',
  );
  const unknown = new Uint8Array(32);
  return {
    digest: licenseDigest,
    terms: {
      ...{ licenseId, jobId, unitIndex: 0, manifestDigest: manifest.digest, thumbprint, origin },
      ...{ mode: 'standing', receiptNonce: unknown, counterFloor: 0, ceiling: 0 },
      ...{ delegationDigest: unknown, deviceDataDigests },
    },
  };
}
