export { TestApprover } from './approver.ts';
export { TestChip } from './chip.ts';
export { type CrashPoint, type CrashStore, crashStore, killProcess } from './crash-store.ts';
export { CuttingProxy } from './cutting-proxy.ts';
export { Owner, type SealedForJob } from './owner.ts';
export { lackingPostgres, PostgresCluster } from './postgres-cluster.ts';
export { type Answer, type OpenedJob, TestAuthority } from './running-authority.ts';
export { TestLedger } from './running-ledger.ts';
export { makeTlsIssuer, type TlsIssuer } from './tls-issuer.ts';
