// An update that was fetched and checked, before a device is looked for: package and device CA under the
// owner's root, and a source of licenses. The page holds no secret: all of this is public.

import { type Bytes, toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { verifyAuthority } from '@firmseal/formats';
import { readLicenseBundle, readLicenseTermsUnverified } from '@firmseal/license';
import {
  createInstallVerifier,
  type InstallPackage,
  type InstallVerifier,
  readInstallPackage,
} from '@firmseal/programmer';
import { splitPackage } from '@firmseal/seal';
import type { UpdateOffer } from './offer.ts';

/**
 * The bytes at an address of the description; undefined where nothing is. Throws `update-download-failed`.
 */
export type ReadPart = (url: string) => Promise<Bytes | undefined>;

export interface OpenedOffer {
  readonly offer: UpdateOffer;
  readonly sealed: InstallPackage;
  readonly verifier: InstallVerifier;
  /** The version that a manifest digest stands for, of this package or an earlier one. */
  versionOf(manifestDigest: string): string | undefined;
  /** The license of a chip: inside of the package, of the description, or of its folder. */
  findLicense(thumbprint: Bytes): Promise<Bytes | undefined>;
}

/** The license in the package's header, when it is this chip's. */
function licenseInside(file: Uint8Array, thumbprint: string): Bytes | undefined {
  const { license } = splitPackage(file).header;
  if (license === undefined) return undefined;
  const terms = readLicenseTermsUnverified(readLicenseBundle(license).license);
  return toHex(terms.thumbprint) === thumbprint ? license : undefined;
}

/**
 * Fetches the package and checks it whole. Throws `update-part-missing`, `update-download-failed`, and the
 * faults of package and delegation.
 */
export async function openOffer(
  crypto: Crypto,
  { offer, readPart, now }: { offer: UpdateOffer; readPart: ReadPart; now: () => Date },
): Promise<OpenedOffer> {
  const { product, rootKey: rootPublicKey, deviceCaDelegation: delegation, licenses, earlier = {} } = offer;
  const file = 'bytes' in offer.package ? offer.package.bytes : await readPart(offer.package.url);
  if (file === undefined)
    throw new Fault('update-part-missing', { file: 'url' in offer.package ? offer.package.url : '' });
  const read = readInstallPackage(crypto, file, { rootPublicKey, product });
  // One decision with the package, as at a station: a later epoch that one proves binds the other.
  const { delegate, trust } = verifyAuthority(crypto, { delegation }, { ...read.trust, role: 'device-ca' });
  const sealed = { ...read, trust };
  const caPublicKeys = [delegate.publicKey];
  const { digest, core } = sealed.manifest;
  const versions = { ...earlier, [toHex(digest)]: core.firmwareVersion };
  return {
    offer,
    sealed,
    verifier: createInstallVerifier(crypto, {
      sealed,
      verifyCertificate: (der) => verifyDeviceCertificate(crypto, der, { caPublicKeys, product, now: now() }),
    }),
    versionOf: (manifestDigest) =>
      Object.hasOwn(versions, manifestDigest) ? versions[manifestDigest] : undefined,
    async findLicense(thumbprint) {
      const name = toHex(thumbprint);
      const inside = licenseInside(file, name);
      if (inside !== undefined || licenses === undefined) return inside;
      if ('url' in licenses) return readPart(`${licenses.url.replace(/\/?$/, '/')}${name}.license`);
      return Object.hasOwn(licenses.bytes, name) ? licenses.bytes[name] : undefined;
    },
  };
}
