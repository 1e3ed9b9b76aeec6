export { type AuditResult, audit } from './audit/audit.ts';
export type { JobSummary } from './audit/audit-job.ts';
export {
  type AsJson,
  collectEvidence,
  collectJobEvidence,
  type Evidence,
  evidenceFromJson,
  evidenceToJson,
  type JobEvidence,
} from './audit/evidence.ts';
export type { AuditTrust, Finding, FindingCode } from './audit/finding.ts';
export type { FaultBody } from './http/answers.ts';
export type { HttpOptions, RequestEvent } from './http/gate.ts';
export type { RateLimits } from './http/rate-limit.ts';
export { createRoutes } from './http/routes.ts';
export { type RunningAuthority, type ServeOptions, serveAuthority } from './http/server.ts';
export {
  type ChainBreak,
  decodeLogEntry,
  type LogEvent,
  type LogHead,
  type LogRow,
  leafHash,
  verifyLogChain,
} from './log/entry.ts';
export {
  type Authority,
  type AuthorityOptions,
  createAuthority,
  type ProductKeys,
  type ProductTrust,
  verifyProduct,
} from './service/authority.ts';
export { giveChallenge } from './service/challenges.ts';
export {
  addPackage,
  approveJob,
  closeJob,
  type JobRequest,
  type JobView,
  listJobs,
  openJob,
  showJob,
} from './service/jobs.ts';
export { type IssuedLicense, type LicenseRequest, licenseDevice } from './service/licensing.ts';
export { type ReceiptRequest, storeReceipt } from './service/receipts.ts';
export { createToken, revokeToken, type TokenRequest } from './service/tokens.ts';
export type {
  ChallengePurpose,
  ChallengeRecord,
  DeviceRecord,
  JobRecord,
  JobState,
  LicenseMode,
  LicenseRecord,
  PackageRecord,
  ReceiptRecord,
  TokenRecord,
  TokenScope,
  UnitRecord,
} from './store/records.ts';
export { openSqliteStore } from './store/sqlite-store.ts';
export { durableWrites, type Store, type StoreReader } from './store/store.ts';
