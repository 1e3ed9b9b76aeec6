export { mostBatchRecords } from './batch-calls.ts';
export {
  type AnswerOf,
  type Call,
  decodeAnswer,
  decodeInput,
  type EncodedRequest,
  encodeAnswer,
  encodeRequest,
  type InputOf,
  idempotencyHeader,
  isIdempotencyKey,
  publicTokenMark,
  type TokenScope,
  tokenScopes,
} from './call.ts';
export { type CallAnswer, type CallInput, type CallName, calls } from './calls.ts';
export type { FoundUnit, Holds } from './console-calls.ts';
export {
  checkEvidenceLine,
  decodeEvidenceLine,
  type EvidenceLine,
  type EvidenceOf,
  encodeEvidenceLine,
  evidenceFormat,
  evidenceShapes,
  mostEvidenceLineBytes,
} from './evidence.ts';
export { decodeFault, encodeFault } from './fault-answer.ts';
export {
  type JobMode,
  type JobState,
  type JobView,
  type LicenseMode,
  mostShownApprovals,
  type UnitView,
} from './job-view.ts';
export { jsonSchemaOf } from './json-schema.ts';
export { ledgerPrefix, ledgerScopes } from './ledger-files.ts';
export {
  type BoardResult,
  decodeLineBoard,
  encodeLineBoard,
  type LineBoardView,
  mostBoardResults,
} from './line-board.ts';
export { type ChallengePurpose, lineCalls } from './line-calls.ts';
export type { AlarmView, IdentityView, TokenView } from './owner-calls.ts';
export { mostShownRecoveries, type RecoveryFloor } from './recovery-calls.ts';
export type { SiteView } from './site-calls.ts';
export { type StopKind, type StopView, stopKinds } from './stop-calls.ts';
export { mostWebhooks, type WebhookEvent, type WebhookView, webhookEvents } from './webhook-calls.ts';
