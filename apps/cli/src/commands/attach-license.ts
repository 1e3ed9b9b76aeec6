// `firmseal attach-license`: a package with one chip's license in its header, for plain download tools such
// as dfu-util. Checks that the license is for this package; whether it is good is the chip's to find out.

import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { readLicenseBundle, readLicenseTermsUnverified } from '@firmseal/license';
import { attachLicense, inspectPackage } from '@firmseal/seal';
import { readInput, refuseExisting, writeOutput } from '../files.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export async function attach(path: string, options: { license: string; out: string }): Promise<void> {
  refuseExisting(options.out);
  const file = readInput(path);
  const bundle = readInput(options.license);
  const terms = readLicenseTermsUnverified(readLicenseBundle(bundle).license);
  const { manifestDigest } = inspectPackage(nodeCrypto, { file });
  if (hex(terms.manifestDigest) !== manifestDigest) throw new Fault('license-manifest-wrong');
  writeOutput(options.out, attachLicense(file, bundle));
  process.stdout.write(
    `${options.out}: for the chip ${hex(terms.thumbprint)}, ${terms.mode} license ${hex(terms.licenseId)}\n`,
  );
}
