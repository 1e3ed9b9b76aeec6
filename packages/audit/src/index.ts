export { type AuditOptions, type AuditResult, audit } from './audit.ts';
export type { Finding, FindingCode, Notice, NoticeCode } from './findings.ts';
export type { AuditedInstall, JobSummary } from './job-audit.ts';
export type { AuditTrust } from './trust.ts';
