// The evidence for an audit as lines of JSON: everything that the authority knows and that is no secret,
// at one moment. The first line says how long the log is, then come the log, the identities, the approvals
// of recoveries, then the jobs, each with its packages, its approvals, the certificate of its end and,
// unit by unit, the chip, its licenses, their receipts and what stations said. The last line counts the
// others, so that a cut is noticed.

import { Fault } from '@firmseal/fault';
import { z } from 'zod';
import * as of from './encodings.ts';
import { acceptedOutcomes, jobModes, jobStates, licenseModes, stations } from './job-view.ts';
import { outcomes, stationResults } from './outcomes.ts';

export const evidenceFormat = 1;
/** A line is never longer. */
export const mostEvidenceLineBytes = 16_384;

const job = of.jobId;
const line = <K extends string, S extends z.core.$ZodShape>(kind: K, shape: S) =>
  z.object({ kind: z.literal(kind), ...shape });

const lines = {
  head: line('head', {
    format: z.literal(evidenceFormat),
    /** Entries of the log, and its last head. */
    size: of.count,
    head: of.digest,
    /** Clock of the authority. */
    atMs: of.timeMs,
  }),
  log: line('log', {
    sequence: of.count,
    entry: of.base64Bytes(4096),
    salt: of.base64Bytes(32),
    leaf: of.base64Bytes(32),
    head: of.base64Bytes(32),
  }),
  job: line('job', {
    job,
    product: of.shownText(64),
    quota: of.count,
    mode: z.enum(jobModes),
    accepts: acceptedOutcomes,
    state: z.enum(jobStates),
    createdAtMs: of.timeMs,
    validUntilMs: z.optional(of.timeMs),
    ledgerPolicy: z.optional(of.base64Bytes(8192)),
    stations: stations.optional(),
  }),
  approval: line('approval', {
    job,
    approvalDigest: of.digest,
    approval: of.approval,
    /** Of the approver. */
    delegation: of.delegation,
    storedAtMs: of.timeMs,
  }),
  ending: line('ending', {
    job,
    endDigest: of.digest,
    end: of.jobEnd,
    /** Of the license issuer who signed it. */
    delegation: of.delegation,
  }),
  package: line('package', {
    job,
    manifestDigest: of.digest,
    header: of.packageHeader,
    firmwareVersion: of.shownText(64),
    securityCounter: of.count,
    approved: z.boolean(),
  }),
  unit: line('unit', {
    job,
    unitIndex: of.count,
    thumbprint: of.digest,
    takenAtMs: of.timeMs,
    voidedAtMs: z.optional(of.timeMs),
    /** Absent where the unit was given to a station: its requests vouch for the chip. */
    certificate: z.optional(of.certificate),
    firstSeenAtMs: of.timeMs,
  }),
  license: line('license', {
    job,
    licenseId: of.licenseId,
    thumbprint: of.digest,
    unitIndex: of.count,
    manifestDigest: of.digest,
    mode: z.enum(licenseModes),
    licenseDigest: of.digest,
    bundle: of.licenseBundle,
    issuedAtMs: of.timeMs,
  }),
  receipt: line('receipt', {
    job,
    licenseId: of.licenseId,
    receiptDigest: of.digest,
    receipt: of.receipt,
    challenge: z.optional(of.challenge),
    fresh: z.boolean(),
    outcome: z.enum(outcomes),
    storedAtMs: of.timeMs,
  }),
  identity: line('identity', {
    product: of.shownText(64),
    thumbprint: of.digest,
    recordDigest: of.digest,
    record: of.identityRecord,
    storedAtMs: of.timeMs,
  }),
  request: line('request', {
    job,
    unitIndex: of.count,
    requestDigest: of.digest,
    request: of.stationRequest,
    delegation: of.stationDelegation,
    admittedAtMs: of.timeMs,
  }),
  outcome: line('outcome', {
    job,
    unitIndex: of.count,
    outcomeDigest: of.digest,
    statement: of.outcomeStatement,
    delegation: of.stationDelegation,
    result: z.enum(stationResults),
    storedAtMs: of.timeMs,
  }),
  end: line('end', { lines: of.count }),
} as const;

const evidenceLine = z.discriminatedUnion('kind', [
  lines.head,
  lines.log,
  lines.job,
  lines.package,
  lines.approval,
  lines.ending,
  lines.unit,
  lines.license,
  lines.receipt,
  lines.identity,
  lines.request,
  lines.outcome,
  lines.end,
]);

export type EvidenceLine = z.output<typeof evidenceLine>;
export type EvidenceOf<K extends EvidenceLine['kind']> = Extract<EvidenceLine, { kind: K }>;

/** One line of JSON, without the end of line. */
export function encodeEvidenceLine(value: EvidenceLine): string {
  return JSON.stringify(z.encode(lines[value.kind], value as never));
}

/** The same lines with their bytes as they are: an audit checks a million of them. */
const checks = new Map(
  Object.entries(lines).map(([kind, { shape }]) => {
    const fields = Object.entries(shape).map(([name, schema]) => [name, of.valueSchema(schema)] as const);
    return [kind, z.object(Object.fromEntries(fields))] as const;
  }),
);

/** The value, when encodeEvidenceLine would write it. Throws what is wrong with it. */
export function checkEvidenceLine(value: Readonly<Record<string, unknown>>): EvidenceLine {
  const line = value as EvidenceLine;
  checks.get(line.kind)!.parse(line);
  return line;
}

/** Throws `evidence-malformed` with the number of the line, from 1. */
export function decodeEvidenceLine(text: string, number: number): EvidenceLine {
  const malformed = (problem: string, cause?: unknown) =>
    new Fault('evidence-malformed', { line: number, problem }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  const result = z.safeDecode(evidenceLine, value as never);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw malformed(`${path.join('.')}: ${message}`);
}

/** The shape of each line, for the page of the interface. */
export const evidenceShapes = lines;
