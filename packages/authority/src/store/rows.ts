// From rows of SQLite and PostgreSQL to the records of records.ts. Column names are
// the field names in snake case.

import type { SQLOutputValue } from 'node:sqlite';
import type {
  ChallengePurpose,
  JobMode,
  JobState,
  LicenseMode,
  StopKind,
  TokenScope,
  WebhookEvent,
} from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import type { LogHead, LogRow } from '@firmseal/ledger';
import type { AcceptedOutcomes, Outcome } from '@firmseal/license';
import type { StationResult } from '@firmseal/station';
import type {
  AlarmRecord,
  ApprovalRecord,
  BoardRecord,
  ChallengeRecord,
  DeviceRecord,
  IdentityRow,
  JobEndRecord,
  JobRecord,
  LicenseRecord,
  OutcomeRecord,
  PackageRecord,
  ReceiptRecord,
  RequestRecord,
  RolloutRecord,
  StationRequestRecord,
  StopRecord,
  TokenRecord,
  UnitRecord,
  WebhookRecord,
} from './records.ts';
import type { UnitName } from './store.ts';

export type Row = Record<string, SQLOutputValue>;

/** SQLite gives arrays of their own, PostgreSQL's are buffers. */
const bytes = (row: Row, column: string): Bytes => {
  const value = row[column] as Bytes;
  return value.constructor === Uint8Array ? value : new Uint8Array(value);
};
const number = (row: Row, column: string): number => row[column] as number;
const given = (row: Row, column: string): boolean => row[column] !== null;
const text = (row: Row, column: string): string => row[column] as string;

export const toJob = (row: Row): JobRecord => ({
  jobId: bytes(row, 'job_id'),
  product: text(row, 'product'),
  quota: number(row, 'quota'),
  mode: text(row, 'mode') as JobMode,
  accepts: text(row, 'accepts').split(' ').filter(Boolean) as AcceptedOutcomes[number][],
  state: text(row, 'state') as JobState,
  createdAtMs: number(row, 'created_at_ms'),
  fewUnits: number(row, 'few_units'),
  ...(given(row, 'valid_until_ms') ? { validUntilMs: number(row, 'valid_until_ms') } : {}),
  ...(given(row, 'ledger_policy') ? { ledgerPolicy: bytes(row, 'ledger_policy') } : {}),
  ...(given(row, 'stations') ? { stations: text(row, 'stations').split(' ') } : {}),
  ...(given(row, 'device_data_key') ? { deviceDataKey: bytes(row, 'device_data_key') } : {}),
});

export const toPackage = (row: Row): PackageRecord => ({
  jobId: bytes(row, 'job_id'),
  manifestDigest: bytes(row, 'manifest_digest'),
  ordinal: number(row, 'ordinal'),
  header: bytes(row, 'header'),
  contentKeyFile: bytes(row, 'content_key_file'),
  firmwareVersion: text(row, 'firmware_version'),
  securityCounter: number(row, 'security_counter'),
  approved: number(row, 'approved') === 1,
});

export const toUnit = (row: Row): UnitRecord => ({
  jobId: bytes(row, 'job_id'),
  thumbprint: bytes(row, 'thumbprint'),
  unitIndex: number(row, 'unit_index'),
  takenAtMs: number(row, 'taken_at_ms'),
  ...(given(row, 'certificate') ? { certificate: bytes(row, 'certificate') } : {}),
  firstSeenAtMs: number(row, 'first_seen_at_ms'),
  ...(given(row, 'void_reason')
    ? { voided: { atMs: number(row, 'voided_at_ms'), reason: text(row, 'void_reason') } }
    : {}),
});

export const toUnitName = (row: Row): UnitName => ({
  jobId: bytes(row, 'job_id'),
  unitIndex: number(row, 'unit_index'),
});

export const toUnitIndex = (row: Row): number => number(row, 'unit_index');

export const toDevice = (row: Row): DeviceRecord => ({
  thumbprint: bytes(row, 'thumbprint'),
  certificate: bytes(row, 'certificate'),
  firstSeenAtMs: number(row, 'first_seen_at_ms'),
});

export const toLicense = (row: Row): LicenseRecord => ({
  licenseId: bytes(row, 'license_id'),
  jobId: bytes(row, 'job_id'),
  thumbprint: bytes(row, 'thumbprint'),
  unitIndex: number(row, 'unit_index'),
  manifestDigest: bytes(row, 'manifest_digest'),
  nonce: bytes(row, 'nonce'),
  requestId: text(row, 'request_id'),
  mode: text(row, 'mode') as LicenseMode,
  licenseDigest: bytes(row, 'license_digest'),
  bundle: bytes(row, 'bundle'),
  issuedAtMs: number(row, 'issued_at_ms'),
  logSequence: number(row, 'log_sequence'),
});

export const toAlarm = (row: Row): AlarmRecord => ({
  alarm: number(row, 'alarm'),
  atMs: number(row, 'at_ms'),
  reason: text(row, 'reason'),
  jobId: bytes(row, 'job_id'),
  licenseId: bytes(row, 'license_id'),
  thumbprint: bytes(row, 'thumbprint'),
  ...(given(row, 'acknowledged_at_ms')
    ? {
        acknowledged: {
          atMs: number(row, 'acknowledged_at_ms'),
          by: text(row, 'acknowledged_by'),
          note: text(row, 'note'),
        },
      }
    : {}),
});

export const toReceipt = (row: Row): ReceiptRecord => ({
  receiptDigest: bytes(row, 'receipt_digest'),
  licenseId: bytes(row, 'license_id'),
  jobId: bytes(row, 'job_id'),
  receipt: bytes(row, 'receipt'),
  ...(given(row, 'challenge') ? { challenge: bytes(row, 'challenge') } : {}),
  fresh: number(row, 'fresh') === 1,
  outcome: text(row, 'outcome') as Outcome,
  storedAtMs: number(row, 'stored_at_ms'),
});

export const toStationRequest = (row: Row): StationRequestRecord => ({
  requestDigest: bytes(row, 'request_digest'),
  jobId: bytes(row, 'job_id'),
  unitIndex: number(row, 'unit_index'),
  request: bytes(row, 'request'),
  delegation: bytes(row, 'delegation'),
  admittedAtMs: number(row, 'admitted_at_ms'),
});

export const toOutcomeRecord = (row: Row): OutcomeRecord => ({
  outcomeDigest: bytes(row, 'outcome_digest'),
  jobId: bytes(row, 'job_id'),
  unitIndex: number(row, 'unit_index'),
  statement: bytes(row, 'statement'),
  delegation: bytes(row, 'delegation'),
  result: text(row, 'result') as StationResult,
  storedAtMs: number(row, 'stored_at_ms'),
});

export const toBoard = (row: Row): BoardRecord => ({
  tokenId: text(row, 'token_id'),
  jobId: bytes(row, 'job_id'),
  atMs: number(row, 'at_ms'),
  board: text(row, 'board'),
});

export const toApproval = (row: Row): ApprovalRecord => ({
  approvalDigest: bytes(row, 'approval_digest'),
  jobId: bytes(row, 'job_id'),
  approval: bytes(row, 'approval'),
  delegation: bytes(row, 'delegation'),
  storedAtMs: number(row, 'stored_at_ms'),
  ended: number(row, 'ended') === 1,
});

export const toJobEnd = (row: Row): JobEndRecord => ({
  jobId: bytes(row, 'job_id'),
  endDigest: bytes(row, 'end_digest'),
  end: bytes(row, 'certificate'),
  delegation: bytes(row, 'delegation'),
});

export const toIdentity = (row: Row): IdentityRow => ({
  recordDigest: bytes(row, 'record_digest'),
  product: text(row, 'product'),
  thumbprint: bytes(row, 'thumbprint'),
  record: bytes(row, 'record'),
  storedAtMs: number(row, 'stored_at_ms'),
});

/** What stations say, and of how many units that is the newest word. */
export const toResultCount = (row: Row): [StationResult, number] => [
  text(row, 'result') as StationResult,
  number(row, 'n'),
];

export const toChallenge = (row: Row): ChallengeRecord => ({
  challenge: bytes(row, 'challenge'),
  jobId: bytes(row, 'job_id'),
  purpose: text(row, 'purpose') as ChallengePurpose,
  createdAtMs: number(row, 'created_at_ms'),
  expiresAtMs: number(row, 'expires_at_ms'),
  logSize: number(row, 'log_size'),
});

export const toRollout = (row: Row): RolloutRecord => ({
  jobId: bytes(row, 'job_id'),
  percent: number(row, 'percent'),
  halted: number(row, 'halted') === 1,
  haltAbovePercent: number(row, 'halt_above_percent'),
  origins: text(row, 'origins').split(' ').filter(Boolean),
  countedFromMs: number(row, 'counted_from_ms'),
});

export const toRolloutCounts = (row: Row) => ({
  installed: number(row, 'installed'),
  failed: number(row, 'failed'),
  silent: number(row, 'silent'),
});

export const toStop = (row: Row): StopRecord => ({
  kind: text(row, 'kind') as StopKind,
  name: text(row, 'name'),
  reason: text(row, 'reason'),
  atMs: number(row, 'at_ms'),
});

export const toNumberedStop = (row: Row) => ({ ordinal: number(row, 'ordinal'), stop: toStop(row) });

export const toRequest = (row: Row): RequestRecord => ({
  keyHash: bytes(row, 'key_hash'),
  bodyHash: bytes(row, 'body_hash'),
  atMs: number(row, 'at_ms'),
  ...(given(row, 'answer') ? { answer: bytes(row, 'answer') } : {}),
});

export const toToken = (row: Row): TokenRecord => ({
  tokenId: text(row, 'token_id'),
  tokenHash: bytes(row, 'token_hash'),
  scope: text(row, 'scope') as TokenScope,
  ...(given(row, 'job_id') ? { jobId: bytes(row, 'job_id') } : {}),
  label: text(row, 'label'),
  ...(given(row, 'station') ? { station: text(row, 'station') } : {}),
  createdAtMs: number(row, 'created_at_ms'),
  ...(given(row, 'expires_at_ms') ? { expiresAtMs: number(row, 'expires_at_ms') } : {}),
  ...(given(row, 'revoked_at_ms') ? { revokedAtMs: number(row, 'revoked_at_ms') } : {}),
});

export const toWebhook = (row: Row): WebhookRecord => ({
  webhookId: text(row, 'webhook_id'),
  url: text(row, 'url'),
  events: text(row, 'events').split(' ') as WebhookEvent[],
  secret: bytes(row, 'secret'),
  createdAtMs: number(row, 'created_at_ms'),
  next: number(row, 'next'),
  attempts: number(row, 'attempts'),
  dueAtMs: number(row, 'due_at_ms'),
  delivered: number(row, 'delivered'),
  givenUp: number(row, 'given_up'),
  ...(given(row, 'last_result')
    ? { last: { atMs: number(row, 'last_at_ms'), result: text(row, 'last_result') } }
    : {}),
});

export const toLogRow = (row: Row): LogRow => ({
  sequence: number(row, 'sequence'),
  entry: bytes(row, 'entry'),
  salt: bytes(row, 'salt'),
  leaf: bytes(row, 'leaf'),
  head: bytes(row, 'head'),
});

/** Units of a job that are left. */
export const toRemaining = (row: Row): number => number(row, 'remaining');

/** Sealed per-device data of a unit. */
export const toSealed = (row: Row): Bytes => bytes(row, 'sealed');

export const toCount = (row: Row): number => number(row, 'n');

/** An outcome and how many receipts have it. */
export const toOutcomeCount = (row: Row): [Outcome, number] => [
  text(row, 'outcome') as Outcome,
  number(row, 'n'),
];

export const toTick = (row: Row): number => number(row, 'at_ms');

/** Where the log ends, of a store that keeps it in a row of its own. */
export const toLogHead = (row: Row | undefined): LogHead => ({
  size: number(row!, 'size'),
  head: bytes(row!, 'head'),
});
