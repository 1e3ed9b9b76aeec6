// What an owner calls: jobs, their packages, approval and closing, tokens, voids, alarms. Auditors may read.

import { z } from 'zod';
import { call, tokenScopes } from './call.ts';
import * as of from './encodings.ts';
import {
  acceptedOutcomes,
  approvalKinds,
  jobModes,
  jobView,
  ledgerPolicy,
  mostItems,
  origins,
  pageOf,
  stations,
  unitView,
} from './job-view.ts';

const job = of.jobId;
const mebibyte = 1_048_576;
/** A job's per-device data is the one large thing that is ever sent. */
const jobBodyBytes = 16 * mebibyte;

const packageFiles = { header: of.packageHeader, contentKeyFile: of.contentKeyFile } as const;

const tokenView = z.object({
  tokenId: of.tokenId,
  scope: z.enum(tokenScopes),
  job: z.optional(of.jobId),
  label: of.shownText(64),
  /** Of a line's token: at which station it is used. */
  station: z.optional(of.stationName),
  createdAtMs: of.timeMs,
  expiresAtMs: z.optional(of.timeMs),
  revokedAtMs: z.optional(of.timeMs),
});
export type TokenView = z.output<typeof tokenView>;

/** The text of a token: secret, answered once. */
const newToken = z.object({
  tokenId: of.tokenId,
  token: z.string().regex(/^fs[olaspue]_[A-Za-z0-9_-]{43}$/, 'a token is due'),
  expiresAtMs: of.timeMs,
});

const lifeDays = z.int().min(1).max(3650).optional();

const alarmView = z.object({
  /** Sequence of its entry in the log. */
  alarm: of.count,
  atMs: of.timeMs,
  reason: of.shownText(64),
  job: of.jobId,
  license: of.licenseId,
  thumbprint: of.digest,
  acknowledged: z.object({ atMs: of.timeMs, by: of.shownText(64), note: of.shownText(200) }).optional(),
});
export type AlarmView = z.output<typeof alarmView>;

const jobCalls = {
  openJob: call({
    method: 'POST',
    path: '/v1/jobs',
    scopes: ['owner', 'engineer'],
    about:
      'Opens a job with its first package. It issues nothing until it is approved. `accepts` names the outcomes that the owner takes besides PASS, `ledgerPolicy` the ledger and the witnesses without whose cosignatures no license leaves, `stations` the stations and sites that alone may take licenses (spec/station.md section 8). When `fewUnits` are left, or a tenth of the quota, the authority warns; 0 asks for no warning. A package with per-device areas comes with one set of data a unit, each with one entry an area.',
    input: z.strictObject({
      ...packageFiles,
      quota: z.int().min(1).max(0x7fffffff),
      mode: z.enum(jobModes).optional(),
      accepts: acceptedOutcomes.optional(),
      validUntilMs: z.optional(of.timeMs),
      fewUnits: z.int().min(0).max(0x7fffffff).optional(),
      ledgerPolicy: ledgerPolicy.optional(),
      stations: stations.optional(),
      deviceData: z
        .array(z.array(of.base64Bytes(1024)).max(8))
        .max(100_000)
        .optional(),
    }),
    answer: jobView,
    repeatable: false,
    status: 201,
    mostRequestBytes: jobBodyBytes,
  }),
  listJobs: call({
    method: 'GET',
    path: '/v1/jobs',
    scopes: ['owner', 'auditor', 'approver', 'engineer'],
    about: 'Lists jobs, newest first, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ jobs: z.array(jobView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: 4 * mebibyte,
  }),
  showJob: call({
    method: 'GET',
    path: '/v1/jobs/{job}',
    scopes: ['owner', 'auditor', 'approver', 'engineer'],
    about: 'Shows a job with its counts and packages.',
    input: z.strictObject({ job }),
    answer: jobView,
    mostAnswerBytes: mebibyte,
  }),
  listUnits: call({
    method: 'GET',
    path: '/v1/jobs/{job}/units',
    scopes: ['owner', 'auditor', 'approver', 'engineer'],
    about:
      'Lists what was installed where: the units of a job in ascending index from `from` on, each with its chip and what its newest receipt proves.',
    input: z.strictObject({ job, ...pageOf }),
    answer: z.object({ units: z.array(unitView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: 4 * mebibyte,
  }),
  addPackage: call({
    method: 'POST',
    path: '/v1/jobs/{job}/packages',
    scopes: ['owner', 'engineer'],
    about: 'Adds a package to a job that is not closed. It is licensed once the job is approved again.',
    input: z.strictObject({ job, ...packageFiles }),
    answer: jobView,
    repeatable: false,
    status: 201,
    mostAnswerBytes: mebibyte,
  }),
  approveJob: call({
    method: 'POST',
    path: '/v1/jobs/{job}/approve',
    scopes: ['owner'],
    about:
      'Approves a job and every package that it has. Where the root asks for approvals, approvers have signed the job and each package before (`POST /v1/approvals`).',
    input: z.strictObject({ job }),
    answer: jobView,
    mostAnswerBytes: mebibyte,
  }),
  closeJob: call({
    method: 'POST',
    path: '/v1/jobs/{job}/close',
    scopes: ['owner'],
    about:
      'Closes a job for ever: there is no further license. The certificate of its end is made. Where the root asks for approvals, approvers have signed it before.',
    input: z.strictObject({ job }),
    answer: jobView,
    repeatable: false,
    mostAnswerBytes: mebibyte,
  }),
  setRollout: call({
    method: 'POST',
    path: '/v1/jobs/{job}/rollout',
    scopes: ['owner'],
    about:
      'Opens a job of mode update to a share of the devices, halts it, or goes on after a halt (spec/rollout.md). What is left out stays; a new job is open to none. `origins` are those of the pages that may ask with the public token.',
    input: z.strictObject({
      job,
      percent: z.int().min(0).max(100).optional(),
      halted: z.boolean().optional(),
      haltAbovePercent: z.int().min(0).max(100).optional(),
      origins: origins.optional(),
    }),
    answer: jobView,
    mostAnswerBytes: mebibyte,
  }),
  voidUnit: call({
    method: 'POST',
    path: '/v1/jobs/{job}/units/{unit}/void',
    scopes: ['owner'],
    about:
      'Voids a unit whose chip was never proven to be installed, so that another chip can take its place. Should the voided chip be installed after all, the audit reports it. Where the root asks for approvals, approvers have signed it with the same reason before.',
    input: z.strictObject({ job, unit: of.decimal(0x7fffffff), reason: of.reason }),
    answer: jobView,
    repeatable: false,
    mostAnswerBytes: mebibyte,
  }),
} as const;

const tokenCalls = {
  createLineToken: call({
    method: 'POST',
    path: '/v1/jobs/{job}/tokens',
    scopes: ['owner'],
    about:
      'Makes a token for a line, which opens this job alone. It lives 30 days unless told otherwise. For a job of mode update it is a token of scope `update`: it may be published, opens challenge, license and receipt of this job, and lives 365 days. `station` binds it to a station; a job that lists stations gives no token to any other.',
    input: z.strictObject({ job, label: of.label, station: z.optional(of.stationName), lifeDays }),
    answer: newToken,
    repeatable: false,
    status: 201,
  }),
  createToken: call({
    method: 'POST',
    path: '/v1/tokens',
    scopes: ['owner'],
    about:
      'Makes a token for an owner, an engineer, an auditor, an approver, or a site that personalizes chips; `station` names the site, or a station of it (`SITE/NAME`), whose chips it may have certified. It lives 365 days unless told otherwise.',
    input: z.strictObject({
      scope: z.enum(['owner', 'auditor', 'site', 'approver', 'engineer']),
      station: z.optional(of.stationName),
      label: of.label,
      lifeDays,
    }),
    answer: newToken,
    repeatable: false,
    status: 201,
  }),
  listTokens: call({
    method: 'GET',
    path: '/v1/tokens',
    scopes: ['owner'],
    about: 'Lists tokens, newest first, without their texts, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ tokens: z.array(tokenView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: mebibyte,
  }),
  revokeToken: call({
    method: 'POST',
    path: '/v1/tokens/{token}/revoke',
    scopes: ['owner'],
    about: 'Revokes a token: from then on it opens nothing.',
    input: z.strictObject({ token: of.tokenId }),
    answer: z.object({ revoked: z.literal(true) }),
    repeatable: false,
  }),
} as const;

const alarmCalls = {
  listAlarms: call({
    method: 'GET',
    path: '/v1/alarms',
    scopes: ['owner', 'auditor', 'approver'],
    about: 'Lists alarms, newest first, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ alarms: z.array(alarmView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: mebibyte,
  }),
  acknowledgeAlarm: call({
    method: 'POST',
    path: '/v1/alarms/{alarm}/acknowledge',
    scopes: ['owner'],
    about:
      'Acknowledges an alarm with a note, which the log keeps. An audit no longer fails for it. Where the root asks for approvals, approvers have signed it with the same note before.',
    input: z.strictObject({ alarm: of.decimal(0x7fffffff), note: of.reason }),
    answer: alarmView,
    repeatable: false,
  }),
} as const;

const approvalCalls = {
  giveApproval: call({
    method: 'POST',
    path: '/v1/approvals',
    scopes: ['approver', 'owner'],
    about:
      'Verifies and keeps what an approver signed (spec/approval.md section 2), for a product whose root asks for approvals. It does nothing by itself: the owner does what was approved. The same approval again changes nothing.',
    input: z.strictObject({ approval: of.approval, delegation: of.delegation }),
    answer: z.object({
      kind: z.enum(approvalKinds),
      /** Approvers who have approved the same. */
      given: of.count,
      needed: of.count,
    }),
  }),
  fetchJobEnd: call({
    method: 'GET',
    path: '/v1/jobs/{job}/end',
    scopes: ['owner', 'auditor', 'approver'],
    about:
      'The certificate of the end of a closed job (spec/approval.md section 4), and the delegation of the issuer who signed it.',
    input: z.strictObject({ job }),
    answer: z.object({ end: of.jobEnd, delegation: of.delegation }),
  }),
} as const;

export const identityView = z.object({
  product: of.shownText(64),
  thumbprint: of.digest,
  chip: of.shownText(32),
  origin: z.object({ kind: z.enum(['witnessed', 'enrolled', 'unwitnessed']), rehearsal: z.boolean() }),
  readoutLevel: z.int().min(0).max(2),
  uniqueId: z.string().regex(/^([0-9a-f]{2}){1,32}$/, 'hexadecimal is due'),
  board: of.shownText(40),
  /** By the clock of the site. */
  madeAtMs: of.timeMs,
  recordDigest: of.digest,
  storedAtMs: of.timeMs,
});
export type IdentityView = z.output<typeof identityView>;

const identityCalls = {
  storeIdentity: call({
    method: 'POST',
    path: '/v1/identities',
    scopes: ['site', 'owner'],
    about:
      'Verifies and keeps the record of an identity (spec/device.md section 5), for a product of this authority. The same record again changes nothing.',
    input: z.strictObject({ record: of.identityRecord }),
    answer: z.object({
      thumbprint: of.digest,
      /** False: it was kept before. */
      stored: z.boolean(),
    }),
  }),
  listIdentities: call({
    method: 'GET',
    path: '/v1/identities',
    scopes: ['owner', 'auditor'],
    about: 'Lists the identities whose records are kept, newest first, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ identities: z.array(identityView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: mebibyte,
  }),
} as const;

export const ownerCalls = {
  ...jobCalls,
  ...tokenCalls,
  ...alarmCalls,
  ...approvalCalls,
  ...identityCalls,
} as const;
