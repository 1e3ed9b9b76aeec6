export { type AuditOptions, type AuditResult, audit } from './audit.ts';
export type { Finding, FindingCode, Notice, NoticeCode } from './findings.ts';
export type { AuditedInstall, InstallObjects, JobSummary } from './job-summary.ts';
export {
  type AuditProgress,
  auditLedger,
  type LedgerAuditOptions,
  type LedgerAuditResult,
  readCheckpoint,
} from './ledger-audit.ts';
export {
  makeLedgerBundle,
  type ProvenBundle,
  type UnitOfLedger,
  verifyLedgerBundle,
} from './ledger-bundle.ts';
export type { AuditedOutcome } from './station-audit.ts';
export { auditTree, type TreeAuditOptions } from './tree-audit.ts';
export type { AuditTrust } from './trust.ts';
export { type ProvenReceipt, type ReceiptTrust, verifyReceiptFile } from './verify-receipt-file.ts';
