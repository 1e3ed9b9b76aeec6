// A line or a station that takes no license without a proof that it stands in the ledger, cosigned by as many
// witnesses as its owner asks for. It has the same form as the access that it wraps.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import type { LedgerTrust } from '@firmseal/ledger';
import { licenseDigestOf, verifyLicenseProof } from '@firmseal/license';
import { stationLicenseDigestOf } from '@firmseal/station';
import type { LineAccess, StationAccess } from './line-access.ts';

export interface ProofDemand {
  readonly crypto: Crypto & Pick<Ed25519, 'verifyEd25519'>;
  readonly job: Bytes;
  readonly trust: LedgerTrust;
}

/** `issueLicense` throws what verifyLicenseProof does besides. */
export function demandProofs<T extends LineAccess>(access: T, { crypto, job, trust }: ProofDemand): T {
  return {
    ...access,
    issueLicense: async (request) => {
      const answer = await access.issueLicense(request);
      const { bundle, proof, unitIndex } = answer;
      const digest = licenseDigestOf(crypto, bundle);
      verifyLicenseProof(crypto, { proof, digest, jobId: job, unitIndex }, trust);
      return answer;
    },
  };
}

/** `issueStationLicense` throws what verifyLicenseProof does besides. */
export function demandStationProofs<T extends StationAccess>(
  access: T,
  { crypto, job, trust }: ProofDemand,
): T {
  return {
    ...access,
    issueStationLicense: async (ask) => {
      const answer = await access.issueStationLicense(ask);
      const { bundle, proof, unitIndex } = answer;
      const digest = stationLicenseDigestOf(crypto, bundle);
      verifyLicenseProof(crypto, { proof, digest, jobId: job, unitIndex }, trust);
      return answer;
    },
  };
}
