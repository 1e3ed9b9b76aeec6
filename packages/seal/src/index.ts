export {
  type Area,
  type AreaKind,
  areaAlignmentBytes,
  areaCountMax,
  areaKinds,
  hasRecords,
  smallAreaMaxBytes,
} from './areas.ts';
export {
  askedReadoutLevel,
  type ChipState,
  checkForChip,
  packageReadoutLevel,
  protectionAsked,
  unmetRequirement,
} from './check-chip.ts';
export { type ChunkSizeBytes, chunkSizes, encodeCore, type ManifestCore } from './core.ts';
export {
  type CheckOutcome,
  inspectPackage,
  type PackageReport,
  readSbomDigestUnverified,
  renderPackageReport,
} from './inspect.ts';
export { deriveContentKey, type PackageKeys, packageKeys, plaintextDigest } from './key-schedule.ts';
export {
  agentAreaOf,
  encodeManifestPayload,
  type Manifest,
  type ManifestPayload,
  manifestKind,
} from './manifest.ts';
export {
  type OpenedChunk,
  type OpenedPackage,
  openContentKeys,
  openPackage,
  openRecords,
} from './open.ts';
export {
  attachLicense,
  decodeHeader,
  encodeFileStart,
  encodeHeader,
  type PackageHeader,
  type SplitPackage,
  splitPackage,
} from './package-file.ts';
export { type AreaPlan, type PlanOptions, planAreas } from './plan-areas.ts';
export {
  checkPolicy,
  type PolicyConsent,
  type PolicyFields,
  policyForChips,
  policyRequirements,
  protectedReadoutLevel,
} from './policy.ts';
export {
  countRecords,
  type PlannedRecord,
  planRecords,
  recordLengths,
  recordOverheadBytes,
} from './record-plan.ts';
export { fileRecords, iterateRecords, recordNonce, verifyRecords } from './records.ts';
export type { OptionRequirement } from './requirements.ts';
export { type SealArea, type SealedPackage, type SealInputs, sealPackage } from './seal.ts';
export { checkTrialRoom } from './trial-room.ts';
export { type VerifiedHeader, verifyHeader } from './verify-header.ts';
