// What a line calls, with the token of one job: challenge, license, receipt. A page in a browser takes this
// table and no other, so it is written for the small form of zod.

import * as z from 'zod/mini';
import { call } from './call.ts';
import * as of from './encodings.ts';
import { outcomes, stationResults } from './outcomes.ts';

const job = of.jobId;

/** A challenge is good for one of them alone. */
export type ChallengePurpose = 'hello' | 'receipt';

export const lineCalls = {
  giveHelloChallenge: call({
    method: 'POST',
    path: '/v1/jobs/{job}/challenge',
    scopes: ['line', 'update'],
    about:
      'Gives a challenge that chips answer in a hello, once or more, for ten minutes. The job is approved.',
    input: z.strictObject({ job }),
    answer: z.object({ challenge: of.challenge }),
  }),
  giveReceiptChallenge: call({
    method: 'POST',
    path: '/v1/jobs/{job}/receipt-challenge',
    scopes: ['line', 'update'],
    about: 'Gives a challenge that chips answer in a receipt, once or more, for ten minutes.',
    input: z.strictObject({ job }),
    answer: z.object({ challenge: of.challenge }),
  }),
  issueLicense: call({
    method: 'POST',
    path: '/v1/jobs/{job}/licenses',
    scopes: ['line', 'update'],
    about:
      'Issues a license for the chip of the certificate, which takes a unit of the quota unless the chip has one. The same request id, or another one for the same chip, nonce and package, gets the same license. Without a manifest digest the newest approved package of the job is meant. `mode` refuses a job that gives licenses of another mode.',
    input: z.strictObject({
      job,
      hello: of.hello,
      certificate: of.certificate,
      challenge: of.challenge,
      requestId: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 of A-Z a-z 0-9 _ - are due')),
      manifestDigest: z.optional(of.digest),
      mode: z.optional(z.enum(['session', 'standing'])),
    }),
    answer: z.object({
      bundle: of.licenseBundle,
      licenseId: of.licenseId,
      unitIndex: of.count,
      /** True when this license took a unit of the quota. */
      newUnit: z.boolean(),
      /** That it stands in the ledger (spec/ledger.md section 6), where the authority publishes one. */
      proof: z.optional(of.ledgerProof),
    }),
  }),
  issueStationLicense: call({
    method: 'POST',
    path: '/v1/jobs/{job}/station-licenses',
    scopes: ['line'],
    about:
      'Issues a license to a station, for a chip without agent (spec/station.md). It takes a unit of the quota unless the chip has one. The same request gets the same license. The job is of mode station.',
    input: z.strictObject({
      job,
      request: of.stationRequest,
      delegation: of.stationDelegation,
      challenge: of.challenge,
    }),
    answer: z.object({
      bundle: of.licenseBundle,
      licenseId: of.licenseId,
      unitIndex: of.count,
      newUnit: z.boolean(),
      proof: z.optional(of.ledgerProof),
    }),
  }),
  takeStationUnit: call({
    method: 'POST',
    path: '/v1/jobs/{job}/station-units',
    scopes: ['line'],
    about:
      "Takes a unit for a chip that ST's installer will write, unless the chip has one (spec/station.md). The job takes DONE-UNPROVEN.",
    input: z.strictObject({
      job,
      request: of.stationRequest,
      delegation: of.stationDelegation,
      challenge: of.challenge,
    }),
    answer: z.object({ unitIndex: of.count, newUnit: z.boolean() }),
  }),
  storeOutcome: call({
    method: 'POST',
    path: '/v1/jobs/{job}/outcomes',
    scopes: ['line'],
    about:
      'Verifies and keeps what a station states of a unit that it was given. It is no receipt. The same statement again changes nothing.',
    input: z.strictObject({ job, statement: of.outcomeStatement, delegation: of.stationDelegation }),
    answer: z.object({
      result: z.enum(stationResults),
      /** False: it was kept before. */
      stored: z.boolean(),
    }),
  }),
  storeReceipt: call({
    method: 'POST',
    path: '/v1/jobs/{job}/receipts',
    scopes: ['line', 'update'],
    about:
      'Verifies and keeps a receipt. `challenge` is the one that a fresh receipt answers. `certificate` says whose receipt it is should the authority not know its license. The answer names the job that the license belongs to: another job of this authority when the chip was installed under that one.',
    input: z.strictObject({
      job,
      licenseId: of.licenseId,
      receipt: of.receipt,
      challenge: z.optional(of.challenge),
      certificate: z.optional(of.certificate),
    }),
    answer: z.object({
      /** False: the owner of the job does not take this outcome. The receipt is kept all the same. */
      accepted: z.boolean(),
      outcome: z.enum(outcomes),
      fresh: z.boolean(),
      job: of.jobId,
    }),
  }),
} as const;
