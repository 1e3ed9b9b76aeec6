export { type LicenseBundle, makeLicenseBundle, readLicenseBundle } from './bundle.ts';
export { contentKeyManifestDigest, openContentKey, sealContentKey } from './content-key-file.ts';
export {
  type Hello,
  helloTyp,
  type LifeCycle,
  lifeCycles,
  makeHello,
  parseHelloUnverified,
  verifyHello,
} from './hello.ts';
export { deviceDataMaxBytes, issueLicense, type LicenseInputs, licenseTyp } from './issue-license.ts';
export {
  makeReceipt,
  parseReceiptUnverified,
  type Receipt,
  type ReceiptContext,
  receiptTyp,
  verifyReceipt,
} from './receipt.ts';
export { decodeTerms, encodeTerms, type LicenseMode, type LicenseTerms } from './terms.ts';
export {
  checkLicenseForChip,
  type LicenseContext,
  openLicense,
  readLicenseTermsUnverified,
  unwrapsMax,
  type VerifiedLicense,
  verifyLicense,
} from './verify-license.ts';
