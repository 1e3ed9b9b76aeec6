export type { ConsoleFile, HttpOptions, RequestEvent } from './http/gate.ts';
export { Metrics, type RunningMetrics, serveMetrics } from './http/metrics.ts';
export type { RateLimits } from './http/rate-limit.ts';
export { formatRequest, jsonRequestLog } from './http/request-log.ts';
export { createRoutes } from './http/routes.ts';
export { type RunningAuthority, type ServeOptions, serveAuthority } from './http/server.ts';
export { checkTls, type TlsMaterial } from './http/tls.ts';
export {
  type Authority,
  type AuthorityOptions,
  type IssuerKeys,
  type ProductKeys,
  type ProductTrust,
  verifyProduct,
} from './service/authority.ts';
export type { AuthorityClock, ClockSources } from './service/clock.ts';
export { createAuthority } from './service/create-authority.ts';
export { readEvidence } from './service/evidence.ts';
export { Ledger, type LedgerOptions, type Published, type Round } from './service/ledger.ts';
export { checkHead, formatHead, type HeadFile, keepHead, parseHead } from './service/restore.ts';
export { createToken, type TokenRequest } from './service/tokens.ts';
export type { IssuingSigner, SignerView } from './signer/issuing-signer.ts';
export {
  type OpenedSigner,
  openSigner,
  requireSameProducts,
  type SignerOptions,
} from './signer/open-signer.ts';
export { createRemoteSigner, type RemoteSigner } from './signer/remote-signer.ts';
export { type RunningSigner, type SignerEvent, serveSigner } from './signer/serve-signer.ts';
export { ledgerSignerOf } from './signer/sign-checkpoint.ts';
export {
  openPostgresSignerDatabase,
  openSqliteSignerDatabase,
  type SignerDatabase,
} from './signer/signer-database.ts';
export { copyFromPostgres, copyToPostgres } from './store/postgres-copy.ts';
export { openPostgresStore } from './store/postgres-store.ts';
export { type PostgresAddress, parsePostgresUrl, showPostgresAddress } from './store/postgres-url.ts';
export type {
  AlarmRecord,
  BoardRecord,
  ChallengeRecord,
  DeviceRecord,
  JobRecord,
  LicenseRecord,
  PackageRecord,
  ReceiptRecord,
  TokenRecord,
  UnitRecord,
} from './store/records.ts';
export { copySqlite } from './store/sqlite-copy.ts';
export { openSqliteStore } from './store/sqlite-store.ts';
export { durableWrites, type Store, type StoreSnapshot } from './store/store.ts';
