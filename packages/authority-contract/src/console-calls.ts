// What the console asks besides the lists of owner and auditor: whose token it has, units across jobs, one
// receipt with all that verifies it, the log, the boards of lines. docs/console.md.

import { z } from 'zod';
import { call, tokenScopes } from './call.ts';
import * as of from './encodings.ts';
import { jobStates, mostItems, pageOf, unitView } from './job-view.ts';
import { lineBoard } from './line-board.ts';
import { outcomes } from './outcomes.ts';
import { identityView } from './owner-calls.ts';

const mebibyte = 1_048_576;
const boardBytes = 262_144;
const mostBoards = 200;

const uniqueId = z.string().regex(/^([0-9a-f]{2}){4,32}$/, '4 to 32 bytes in lower-case hexadecimal are due');
const thumbprintStart = z.string().regex(/^[0-9a-f]{1,64}$/, '1 to 64 lower-case hexadecimal digits are due');

/**
 * Whether a chip runs a version: `proven`: its newest receipt says so. `stated`: a station says so.
 * `licensed`: it may, since it got a license for it and proved nothing newer. `replaced`: its newest
 * receipt is for another version.
 */
const holds = z.enum(['proven', 'stated', 'licensed', 'replaced']);
export type Holds = z.output<typeof holds>;

const foundUnit = z.object({
  job: of.jobId,
  product: of.shownText(64),
  unit: unitView,
  /** What the chip proved last, in whichever job: the receipt with the highest count of installs. */
  newest: z
    .object({
      job: of.jobId,
      firmwareVersion: of.shownText(64),
      receiptDigest: of.digest,
      outcome: z.enum(outcomes),
      storedAtMs: of.timeMs,
      /** Of the software bill of materials that the package names. */
      sbomDigest: z.optional(of.digest),
    })
    .optional(),
  /** Of the version that was asked for. */
  holds: holds.optional(),
});
export type FoundUnit = z.output<typeof foundUnit>;

export const consoleCalls = {
  whoAmI: call({
    method: 'GET',
    path: '/v1/token',
    // Not of scope `update`: such a token is public, and the counts of its job are not.
    scopes: ['owner', 'line', 'auditor', 'site', 'approver', 'engineer'],
    about:
      "Tells whose token asks and what it opens, and the products that are served here with their root keys. A line's token gets the counts of its job.",
    input: z.strictObject({}),
    answer: z.object({
      tokenId: of.tokenId,
      scope: z.enum(tokenScopes),
      label: of.shownText(64),
      expiresAtMs: z.optional(of.timeMs),
      products: z
        .array(z.object({ product: of.shownText(64), rootPublicKey: of.base64Bytes(65) }))
        .max(mostItems),
      /** Verifier key of the ledger (spec/ledger.md section 2), where the authority publishes one. */
      ledgerKey: z.optional(of.shownText(256)),
      /** Of a line's token. */
      job: z
        .object({
          job: of.jobId,
          product: of.shownText(64),
          state: z.enum(jobStates),
          quota: of.count,
          remaining: of.count,
          installed: of.count,
          /** That few units are left. */
          isFew: z.boolean().optional(),
        })
        .optional(),
    }),
    mostAnswerBytes: mebibyte,
  }),
  findUnits: call({
    method: 'GET',
    path: '/v1/units',
    scopes: ['owner', 'auditor'],
    about:
      'Finds units of all jobs, by the thumbprint of their chip: by the first digits of the thumbprint, by the unique id of a chip whose identity is kept, by a product, by a firmware version that they were licensed for. All that are given have to fit. With a version each unit says whether its chip runs it.',
    input: z.strictObject({
      thumbprint: thumbprintStart.optional(),
      uniqueId: uniqueId.optional(),
      product: z.optional(of.shownText(64)),
      firmwareVersion: z.optional(of.shownText(64)),
      ...pageOf,
    }),
    answer: z.object({
      units: z.array(foundUnit).max(mostItems),
      more: z.boolean(),
      /** That have the unique id that was asked for. */
      identities: z.array(identityView).max(mostItems),
    }),
    mostAnswerBytes: 4 * mebibyte,
  }),
  showReceipt: call({
    method: 'GET',
    path: '/v1/receipts/{receipt}',
    scopes: ['owner', 'auditor'],
    about:
      'Shows a receipt by its digest, as the file that `firmseal verify receipt` takes (spec/receipt.md section 5): all that verifies it besides the key of the root. Where the authority publishes a ledger, the proofs come along as far as it can prove at this moment.',
    input: z.strictObject({ receipt: of.digest }),
    answer: z.object({
      job: of.jobId,
      unitIndex: of.count,
      storedAtMs: of.timeMs,
      file: of.base64Bytes(16_384),
      /**
       * That license and receipt stand in the ledger (spec/ledger.md section 6), where the
       * authority publishes one.
       */
      licenseProof: z.optional(of.ledgerProof),
      receiptProof: z.optional(of.ledgerProof),
    }),
  }),
  listLog: call({
    method: 'GET',
    path: '/v1/log',
    scopes: ['owner', 'auditor'],
    about: 'Lists entries of the log in ascending sequence, from the sequence `from` on, and its head.',
    input: z.strictObject(pageOf),
    answer: z.object({
      size: of.count,
      head: of.digest,
      entries: z
        .array(
          z.object({
            sequence: of.count,
            entry: of.base64Bytes(4096),
            salt: of.base64Bytes(32),
            leaf: of.digest,
            head: of.digest,
          }),
        )
        .max(mostItems),
    }),
    mostAnswerBytes: 2 * mebibyte,
  }),
  reportBoard: call({
    method: 'POST',
    path: '/v1/jobs/{job}/board',
    scopes: ['line'],
    about:
      'Tells the state of a running line: its sockets, counts, newest results. It takes the place of the board that the same token told before, and it is not logged.',
    input: z.strictObject({ job: of.jobId, board: lineBoard }),
    answer: z.object({ kept: z.literal(true) }),
    mostRequestBytes: boardBytes,
  }),
  listBoards: call({
    method: 'GET',
    path: '/v1/boards',
    scopes: ['owner', 'auditor'],
    about: 'Lists the boards that lines told within the last day, the newest first.',
    input: z.strictObject({}),
    answer: z.object({
      /** Clock of the authority, which `atMs` is of too. */
      nowMs: of.timeMs,
      boards: z
        .array(z.object({ tokenId: of.tokenId, job: of.jobId, atMs: of.timeMs, board: lineBoard }))
        .max(mostBoards),
    }),
    mostAnswerBytes: 48 * mebibyte,
  }),
} as const;
