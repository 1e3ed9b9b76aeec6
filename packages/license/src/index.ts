export { type LicenseBundle, makeLicenseBundle, readLicenseBundle } from './bundle.ts';
export { claimedLicense } from './claimed-license.ts';
export {
  contentKeyFileOf,
  contentKeyManifestDigest,
  contentKeyMessage,
  openContentKey,
  sealContentKey,
} from './content-key-file.ts';
export {
  type EnvelopeInputs,
  type EnvelopeKind,
  openEnvelope,
  sealEnvelope,
  type VerifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
export {
  type Hello,
  helloKind,
  type LifeCycle,
  lifeCycles,
  makeHello,
  parseHelloUnverified,
  readHelloUnverified,
  verifyHello,
} from './hello.ts';
export {
  ceilingFor,
  issueLicense,
  type LicenseInputs,
  licenseKind,
} from './issue-license.ts';
export {
  encodeLedgerBundle,
  type LedgerBundle,
  ledgerBundleMaxBytes,
  readLedgerBundle,
} from './ledger-bundle.ts';
export {
  type BatchFacts,
  batchLicensesMax,
  batchMaxBytes,
  checkBatchDate,
  encodeLicenseBatch,
  isLicenseBatch,
  type LicenseBatch,
  openLicenseBatch,
  type SignedBatchList,
  signBatchList,
} from './license-batch.ts';
export {
  type LoggedLicense,
  licenseDigestOf,
  verifyLicenseProof,
  verifyReceiptProof,
} from './license-proof.ts';
export {
  type AcceptedOutcomes,
  identityWeaknesses,
  judgeReceipt,
  judgeWeaknesses,
  type Outcome,
  protectionWeaknesses,
  type Verdict,
  type Weakness,
  weaknesses,
} from './outcome.ts';
export {
  makeReceipt,
  parseReceiptUnverified,
  type Receipt,
  type ReceiptResult,
  receiptKind,
  receiptResults,
} from './receipt.ts';
export {
  encodeReceiptFile,
  type ReceiptFile,
  readReceiptFile,
  receiptFileMaxBytes,
} from './receipt-file.ts';
export { isInShare, rolloutPlace } from './rollout.ts';
export { decodeTerms, encodeTerms, type LicenseMode, type LicenseTerms } from './terms.ts';
export {
  checkLicenseDate,
  checkLicenseForChip,
  type LicenseContext,
  openLicense,
  readLicenseTermsUnverified,
  readLicenseUnverified,
  type VerifiedLicense,
  verifyLicense,
} from './verify-license.ts';
export { type ReceiptContext, type VerifiedReceipt, verifyReceipt } from './verify-receipt.ts';
