// The real verifier of an install: certificate, hello, license and receipt, each by the order of checks of
// its page of the specification. X.509 comes in as a function, so that this package needs no ASN.1.

import { equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import {
  claimedLicense,
  judgeReceipt,
  parseReceiptUnverified,
  verifyHello,
  verifyLicense,
  verifyReceipt,
} from '@firmseal/license';
import type { InstallPackage } from './install-package.ts';
import type { InstallVerifier, ReceiptQuestion, VerifiedReceipt } from './verifier.ts';

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
