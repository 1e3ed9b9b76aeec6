export { readAuthorityAddress } from './authority-address.ts';
export { AuthorityClient } from './authority-client.ts';
export { CallSender, type CallSenderOptions } from './call-sender.ts';
export { askHealth, type Health } from './health.ts';
export type { CallClock } from './http-call.ts';
export { type LedgerOverHttpOptions, ledgerOverHttp } from './ledger-over-http.ts';
export { accessForJob, type LineAccess, type StationAccess, stationAccessForJob } from './line-access.ts';
export { demandProofs, demandStationProofs, type ProofDemand } from './proven-access.ts';
