// A job and its units as its owner and the auditor see them.

import { z } from 'zod';
import * as of from './encodings.ts';
import { outcomes, stationResults, weaknesses } from './outcomes.ts';

/** `station`: the licenses of the job are for stations, for chips without agent (spec/station.md). */
export const licenseModes = ['session', 'standing', 'station'] as const;
export type LicenseMode = (typeof licenseModes)[number];
/** `update`: session licenses for devices in the field, which ask with a public token (spec/rollout.md). */
export const jobModes = [...licenseModes, 'update'] as const;
export type JobMode = (typeof jobModes)[number];
export const jobStates = ['open', 'approved', 'closed'] as const;
export type JobState = (typeof jobStates)[number];

/** What an owner may take besides PASS; the last is a station's word (spec/station.md). */
const acceptable = [...weaknesses, 'DONE-UNPROVEN'] as const;
export const acceptedOutcomes = z.array(z.enum(acceptable)).max(acceptable.length);

const resultCounts = z.object({
  'DONE-UNPROVEN': z.optional(of.count),
  FAILED: z.optional(of.count),
  UNKNOWN: z.optional(of.count),
});

const outcomeCounts = z.object({
  PASS: z.optional(of.count),
  REHEARSAL: z.optional(of.count),
  UNPROTECTED: z.optional(of.count),
  REPAIRABLE: z.optional(of.count),
  UNWITNESSED: z.optional(of.count),
  ENROLLED: z.optional(of.count),
});

/** What approvers can sign (spec/approval.md section 2). */
export const approvalKinds = [
  ...(['order', 'package', 'void', 'acknowledgement', 'close'] as const),
  ...(['recovery', 'site-cap'] as const),
] as const;

const approvalView = z.object({
  kind: z.enum(approvalKinds),
  /** SHA-256 of the approver's public key. */
  approver: of.digest,
  approvalDigest: of.digest,
  issuedAtMs: of.timeMs,
  /** It counts until then. */
  validUntilMs: of.timeMs,
  /**
   * False: it does not count any more, or not as it stands (expired, ended, of another number of approvers).
   */
  counts: z.boolean(),
});
/** Of a job, the newest. */
export const mostShownApprovals = 64;

const packageView = z.object({
  manifestDigest: of.digest,
  firmwareVersion: of.shownText(64),
  securityCounter: of.count,
  approved: z.boolean(),
});

/** Web origins whose pages may ask; `null` is that of a file that was opened from a disk. */
export const origins = z
  .array(z.string().regex(/^(null|https?:\/\/[a-z0-9.-]{1,253}(:[0-9]{1,5})?)$/, 'an origin is due'))
  .max(16);
const share = z.int().min(0).max(100);

/** How far an update is opened, and what came of it since it was last opened or resumed. */
const rolloutView = z.object({
  percent: share,
  halted: z.boolean(),
  /** It halts by itself when more of the devices failed, once ten were counted. */
  haltAbovePercent: share,
  origins,
  /** Devices with a receipt that was accepted. */
  installed: of.count,
  /** Devices with a receipt that says that the update was given up. */
  failed: of.count,
  /** Devices that got a license over an hour ago, and sent no receipt. */
  silent: of.count,
});

/** What a job asks of the ledger before a license leaves (spec/ledger.md section 9): verifier keys. */
const noteKey = of.shownText(384);
export const ledgerPolicy = z.strictObject({
  log: noteKey,
  witnesses: z.array(noteKey).max(16),
  /** So many of the witnesses must have cosigned. */
  least: z.int().min(0).max(16),
});

/** Stations and sites that alone may take licenses of a job (spec/station.md section 8). */
export const stations = z.array(of.stationOrSite).min(1).max(8);

export const jobView = z.object({
  job: of.jobId,
  product: of.shownText(64),
  mode: z.enum(jobModes),
  /** Outcomes that the owner takes besides PASS. */
  accepts: acceptedOutcomes,
  state: z.enum(jobStates),
  quota: of.count,
  /** Units that further chips can take. */
  remaining: of.count,
  /** So many left, or fewer, are few; 0: never. */
  fewUnits: of.count,
  /** That few are left, and the job is not closed. */
  isFew: z.boolean(),
  /** Units taken and not voided. */
  units: of.count,
  voided: of.count,
  licenses: of.count,
  /** Units with a receipt that was verified and kept. */
  installed: of.count,
  receipts: of.count,
  /** Receipts by what the install is called. */
  outcomes: outcomeCounts,
  /** Units by the newest statement of a station: without proof, and not among `installed`. */
  stated: resultCounts,
  createdAtMs: of.timeMs,
  /** No license is issued after it. */
  validUntilMs: z.optional(of.timeMs),
  ledgerPolicy: ledgerPolicy.optional(),
  stations: stations.optional(),
  packages: z.array(packageView).max(256),
  /** How many approvers have to sign; 0 where the root asks for none. */
  approvalsNeeded: of.count,
  /** Of a job of mode update. */
  rollout: rolloutView.optional(),
  approvals: z.array(approvalView).max(mostShownApprovals),
});
export type JobView = z.output<typeof jobView>;

/** What the newest receipt of a unit proves. */
const installView = z.object({
  manifestDigest: of.digest,
  firmwareVersion: of.shownText(64),
  receiptDigest: of.digest,
  storedAtMs: of.timeMs,
  /** False: NOT FRESH. */
  fresh: z.boolean(),
  readoutLevel: z.int().min(0).max(2),
  /** How the identity of the chip came about (spec/device.md section 1). */
  origin: z.object({ kind: z.enum(['witnessed', 'enrolled', 'unwitnessed']), rehearsal: z.boolean() }),
  /** What the install is called: PASS, or the most serious of its weaknesses. */
  outcome: z.enum(outcomes),
  installCount: of.count,
  /** Of the software bill of materials that the package names. */
  sbomDigest: z.optional(of.digest),
});

/** What the newest statement of a station says of a unit. Its word, not the chip's. */
const statedView = z.object({
  result: z.enum(stationResults),
  cause: z.optional(of.shownText(64)),
  station: of.shownText(32),
  /** `vendor-installer`: ST's installer wrote the chip. */
  method: z.enum(['station', 'vendor-installer']),
  /** Of the package, or SHA-256 of the image of ST's installer. */
  contentDigest: of.digest,
  firmwareVersion: z.optional(of.shownText(64)),
  sbomDigest: z.optional(of.digest),
  outcomeDigest: of.digest,
  storedAtMs: of.timeMs,
  access: z.enum(['open', 'refused', 'silent']).optional(),
  readoutLevel: z.int().min(0).max(2).optional(),
});

export const unitView = z.object({
  unitIndex: of.count,
  thumbprint: of.digest,
  chip: of.shownText(32),
  takenAtMs: of.timeMs,
  licenses: of.count,
  install: installView.optional(),
  stated: statedView.optional(),
  voided: z.object({ atMs: of.timeMs, reason: of.shownText(200) }).optional(),
});
export type UnitView = z.output<typeof unitView>;

/** Items of a page: few enough to be put together between two other requests. */
export const mostItems = 200;
export const pageOf = {
  from: z.optional(of.decimal(0x7fffffff)),
  limit: z.optional(of.decimal(mostItems)),
} as const;
