// The real verifier of an install: certificate, hello, license and receipt, each by the order of checks of
// its page of the specification. X.509 comes in as a function, so that this package needs no ASN.1.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import {
  type LicenseTerms,
  parseReceiptUnverified,
  verifyHello,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import type { InstallPackage } from './install-package.ts';
import type { InstallVerifier, ReceiptQuestion, VerifiedReceipt } from './verifier.ts';

export interface InstallVerifierOptions {
  readonly rootPublicKey: Uint8Array;
  readonly sealed: InstallPackage;
  /** Verifies a device certificate against the owner's device CA; throws the certificate faults. */
  readonly verifyCertificate: (certificate: Uint8Array) => DevicePublic;
}

export function createInstallVerifier(crypto: Crypto, options: InstallVerifierOptions): InstallVerifier {
  const { rootPublicKey, sealed, verifyCertificate } = options;
  const { manifest, epoch } = sealed;
  const { product } = manifest.core;
  return {
    hello(answer, challenge) {
      const device = verifyCertificate(answer.certificate);
      return verifyHello(crypto, { hello: answer.hello, device, challenge });
    },
    license(bundle, thumbprint) {
      const { terms } = verifyLicense(crypto, { bundle, rootPublicKey, product, epoch });
      if (!equalBytes(terms.manifestDigest, manifest.digest)) throw new Fault('license-manifest-wrong');
      if (!equalBytes(terms.thumbprint, thumbprint)) throw new Fault('license-device-wrong');
      return terms;
    },
    receipt(question) {
      const device = verifyCertificate(question.answer.certificate);
      return checkReceipt(crypto, question, { device, sealed });
    },
  };
}

function checkReceipt(
  crypto: Crypto,
  { receipt, terms, mustBeKnown, challenge }: ReceiptQuestion,
  { device, sealed }: { device: DevicePublic; sealed: InstallPackage },
): VerifiedReceipt {
  const claimed = parseReceiptUnverified(receipt);
  const known = terms.find(({ licenseId }) => equalBytes(licenseId, claimed.licenseId));
  // Without the license its nonce is unknown too, so only an answer to a challenge says anything.
  if (known === undefined && (mustBeKnown || !claimed.fresh)) throw new Fault('receipt-license-wrong');
  const { manifest } = sealed;
  const license = known ?? claimedTerms(claimed, { manifestDigest: manifest.digest, ...device });
  const verified = verifyReceipt(crypto, {
    receipt,
    device,
    license,
    manifest,
    ...(challenge === undefined ? {} : { challenge }),
  });
  const { licenseId, jobId, fresh, unprotected, installCount } = verified;
  return { licenseId, jobId, fresh, unprotected, installCount, licenseKnown: known !== undefined };
}

/**
 * Terms that a receipt names and nobody here knows: everything else is checked, the license by the authority.
 */
function claimedTerms(
  { licenseId, jobId }: { licenseId: Bytes; jobId: Bytes },
  { manifestDigest, thumbprint }: { manifestDigest: Bytes; thumbprint: Bytes },
): LicenseTerms {
  const unknown = { unitIndex: 0, mode: 'standing', counterFloor: 0 } as const;
  return { ...unknown, licenseId, jobId, manifestDigest, thumbprint, receiptNonce: new Uint8Array(0) };
}
