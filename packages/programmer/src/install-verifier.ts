// The real verifier of an install: certificate, hello, license and receipt, each by the order of checks of
// its page of the specification. X.509 comes in as a function, so that this package needs no ASN.1.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import {
  judgeReceipt,
  parseReceiptUnverified,
  type Receipt,
  verifyHello,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import type { InstallPackage } from './install-package.ts';
import type { InstallVerifier, KnownLicense, ReceiptQuestion, VerifiedReceipt } from './verifier.ts';

export interface InstallVerifierOptions {
  readonly sealed: InstallPackage;
  /** Verifies a device certificate against the owner's device CA; throws the certificate faults. */
  readonly verifyCertificate: (certificate: Uint8Array) => DevicePublic;
}

export function createInstallVerifier(crypto: Crypto, options: InstallVerifierOptions): InstallVerifier {
  const { sealed, verifyCertificate } = options;
  const { manifest, trust } = sealed;
  return {
    hello(answer, challenge) {
      const device = verifyCertificate(answer.certificate);
      const asked = challenge.length > 0 ? { challenge } : {};
      return verifyHello(crypto, { hello: answer.hello, device, ...asked });
    },
    license(bundle, thumbprint) {
      const { terms, digest } = verifyLicense(crypto, { bundle, ...trust });
      if (!equalBytes(terms.manifestDigest, manifest.digest)) throw new Fault('license-manifest-wrong');
      if (!equalBytes(terms.thumbprint, thumbprint)) throw new Fault('license-device-wrong');
      return { terms, digest };
    },
    receipt(question) {
      const device = verifyCertificate(question.answer.certificate);
      return checkReceipt(crypto, question, { device, sealed });
    },
  };
}

function checkReceipt(
  crypto: Crypto,
  { receipt: bytes, licenses, mustBeKnown, challenge }: ReceiptQuestion,
  { device, sealed }: { device: DevicePublic; sealed: InstallPackage },
): VerifiedReceipt {
  const claimed = parseReceiptUnverified(bytes);
  const known = licenses.find(({ digest }) => equalBytes(digest, claimed.licenseDigest));
  // Without the license its nonce is unknown too, so only an answer to a challenge says anything.
  if (known === undefined && (mustBeKnown || !claimed.fresh)) throw new Fault('receipt-license-wrong');
  const { manifest } = sealed;
  const receipt = verifyReceipt(crypto, {
    receipt: bytes,
    ...{ device, manifest, license: known ?? claimedLicense(claimed, { manifest, device }) },
    ...(challenge === undefined ? {} : { challenge }),
  });
  // What the owner of the job takes, the authority knows; here the install only gets its name.
  const { outcome } = judgeReceipt({ manifest, receipt, device, accepts: [] });
  const { licenseId, jobId, fresh, installCount } = receipt;
  return { licenseId, jobId, fresh, outcome, installCount, licenseKnown: known !== undefined };
}

/**
 * A license that a receipt names and nobody here knows: everything else is checked, and the license, with the
 * per-device data that it tells, by the authority.
 */
function claimedLicense(
  claimed: Receipt,
  { manifest, device }: { manifest: InstallPackage['manifest']; device: DevicePublic },
): KnownLicense {
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
