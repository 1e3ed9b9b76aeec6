// What a station says of one chip, signed: spec/station.md section 5.

import type { Bytes } from '@firmseal/bytes';
import {
  areaDigestsAsked,
  makeOutcome,
  type ProtectionFound,
  type StationResult,
  type VerifiedStationLicense,
} from '@firmseal/station';
import type { UnprovenSettings } from './unproven-settings.ts';

export interface Said {
  readonly result: StationResult;
  /** Code of the fault; undefined for DONE-UNPROVEN. */
  readonly cause?: string;
  readonly protection?: ProtectionFound;
  /** Whether one run saw the chip from its first look to its last. */
  readonly uninterrupted: boolean;
}

/** The statement, encoded. */
export function makeStationStatement(
  { crypto, station, sealed: { manifest }, now }: UnprovenSettings,
  { terms, digest: licenseDigest }: VerifiedStationLicense,
  said: Said,
): Promise<Bytes> {
  const { jobId, unitIndex, holder, chipId, outcomeNonce, deviceDataDigests } = terms;
  const license = { digest: licenseDigest, outcomeNonce, deviceDataDigests };
  const asked = areaDigestsAsked({ manifest, license });
  return makeOutcome(crypto, station.signer, {
    ...{ jobId, unitIndex, holder, chipId },
    ...{ method: 'station', stationDigest: station.verified.digest, ...said },
    ...{ licenseDigest, nonce: outcomeNonce, contentDigest: manifest.digest },
    // Byte for byte what was read back: the digests of the package are those of the chip's content.
    areaDigests: said.result === 'DONE-UNPROVEN' ? asked.map((one) => one.slice()) : [],
    atSeconds: Math.floor(now().getTime() / 1000),
  });
}
