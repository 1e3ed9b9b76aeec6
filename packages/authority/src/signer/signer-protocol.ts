// What crosses the socket between authority and signer: one value a frame. A request names its operation, an
// answer the request. Whatever arrives is held to the shapes below before it is used.

import { orderAccepts, orderModes, siteName } from '@firmseal/approval';
import { stopKinds } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import { Fault, faultCodeOf } from '@firmseal/fault';
import { stationListEntry, stationListMost, stationListName } from '@firmseal/station';
import { z } from 'zod';

export const requestSizeBytesAtMost = 64 << 20;
export const answerSizeBytesAtMost = 1 << 20;

const bytes = (mostBytes: number, leastBytes = 0) =>
  z.custom<Bytes>(
    (value) => value instanceof Uint8Array && value.length >= leastBytes && value.length <= mostBytes,
  );
const exactly = (sizeBytes: number) => bytes(sizeBytes, sizeBytes);
const object = bytes(16_384);
const count = z.int().min(0).max(0x7fffffff);
const timeMs = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const name = z.string().max(200);

const job = z.strictObject({
  jobId: exactly(16),
  product: name,
  quota: count,
  mode: z.enum(orderModes),
  accepts: z.array(z.enum(orderAccepts)).max(16),
  validUntilMs: timeMs.exactOptional(),
  deviceDataKey: bytes(256).exactOptional(),
  ledgerPolicy: bytes(8192).exactOptional(),
  stations: z.array(z.string().regex(stationListEntry)).min(1).max(stationListMost).exactOptional(),
});
const stationName = z.string().regex(stationListName).optional();
const approvals = z.array(z.strictObject({ approval: object, delegation: object })).max(4096);
const chip = { certificate: object, hello: object, challenge: bytes(64) };
const ask = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('device'), ...chip }),
  z.strictObject({
    kind: z.literal('record'),
    record: object,
    notAfterSeconds: z.int().min(0).max(0xffffffff),
  }),
  z.strictObject({ kind: z.literal('station'), request: object, delegation: object, challenge: bytes(64) }),
]);
const package_ = { header: bytes(1 << 20), contentKeyFile: bytes(1024) };
const unit = { job, approvals, unitIndex: count, ask };
/** What was sent before on the same connection, or is sent now: see orders.ts. */
const order = z.union([timeMs, z.strictObject({ number: timeMs, job, approvals, ...package_ })]);
const siteCap = {
  ...{ product: name, site: z.string().regex(siteName), cap: count },
  ...{ validUntilMs: timeMs, number: count },
};
const atSite = { product: name, station: z.string().regex(stationListName) };
const stopKey = { kind: z.enum(stopKinds), name };

const nothing = z.null().transform(() => undefined);

/** Of each operation what is asked, and what is answered. */
const operations = {
  describe: {
    request: z.strictObject({}),
    answer: z.strictObject({
      kemPublicKey: exactly(65),
      products: z.array(z.strictObject({ product: name, digest: exactly(32) })).max(10_000),
      ledger: z.strictObject({ origin: name, publicKey: exactly(32) }).optional(),
    }),
  },
  checkContentKey: { request: z.strictObject({ product: name, ...package_ }), answer: bytes(1024) },
  verifyChip: { request: z.strictObject({ product: name, ...chip }), answer: nothing },
  rewrap: {
    request: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('content-key'), file: bytes(1024) }),
      z.strictObject({ kind: z.literal('device-data'), job }),
      z.strictObject({ kind: z.literal('webhook'), webhookId: name, secret: bytes(256) }),
    ]),
    answer: bytes(1024).nullable(),
  },
  issue: {
    request: z.strictObject({
      ...{ order, unitIndex: count, ask },
      sealedData: bytes(4096).optional(),
      station: stationName,
    }),
    answer: z.strictObject({ licenseId: exactly(16), bundle: bytes(65_536) }),
  },
  countUnit: { request: z.strictObject(unit), answer: nothing },
  voidUnit: {
    request: z.strictObject({
      ...{ job, approvals, unitIndex: count, thumbprint: exactly(32), reason: z.string().max(1000) },
    }),
    answer: nothing,
  },
  setStop: {
    request: z.strictObject({ ...stopKey, reason: z.string().max(1000), atMs: timeMs }),
    answer: nothing,
  },
  liftStop: { request: z.strictObject(stopKey), answer: nothing },
  endJob: {
    request: z.strictObject({
      ...{ job, approvals },
      counts: z.strictObject({ units: count, voided: count, licenses: count, installed: count }),
    }),
    answer: object,
  },
  signBatch: {
    request: z.strictObject({
      ...{ job, notAfterSeconds: z.int().min(0).max(0xffffffff) },
      bundles: z.array(bytes(65_536)).max(100_000),
    }),
    answer: z.strictObject({ batchId: exactly(16), list: object }),
  },
  setSiteCap: { request: z.strictObject({ ...siteCap, approvals }), answer: nothing },
  listSites: {
    request: z.strictObject({}),
    answer: z.array(z.strictObject({ ...siteCap, certified: count })).max(100_000),
  },
  challengeForSite: {
    request: z.strictObject(atSite),
    answer: exactly(32),
  },
  certifyDevice: {
    request: z.strictObject({
      ...{ ...atSite, chipId: name, origin: z.int().min(0).max(255) },
      ...{ signingKey: exactly(65), kemKey: exactly(65), hello: object, challenge: exactly(32) },
    }),
    answer: bytes(1024),
  },
  openWebhookSecret: {
    request: z.strictObject({ webhookId: name, secret: bytes(256) }),
    answer: exactly(32).nullable(),
  },
  signCheckpoint: {
    request: z.strictObject({
      ...{ text: z.string().max(4096), from: timeMs, proof: z.array(exactly(32)).max(64) },
    }),
    answer: z.union([z.strictObject({ signature: exactly(64) }), z.strictObject({ seen: timeMs })]),
  },
} as const;

export type OperationName = keyof typeof operations;
export type RequestOf<N extends OperationName> = z.output<(typeof operations)[N]['request']>;
export type AnswerOf<N extends OperationName> = z.output<(typeof operations)[N]['answer']>;

const requestFrame = z.strictObject({
  id: z.int().min(0),
  operation: z.enum(Object.keys(operations) as [OperationName, ...OperationName[]]),
  request: z.unknown(),
});
const field = z.union([z.string(), z.number(), z.boolean()]);
const plainFaultOf = z.strictObject({
  code: z.string(),
  number: z.int(),
  fields: z.record(z.string(), field),
});
export type PlainFault = z.output<typeof plainFaultOf>;
const answerFrame = z.union([
  z.strictObject({ id: z.int(), answer: z.unknown() }),
  z.strictObject({ id: z.int(), fault: plainFaultOf }),
]);

const malformed = (error: z.ZodError) => {
  const [issue] = error.issues;
  const problem = `${issue?.path.join('.') ?? ''}: ${issue?.code ?? ''}`;
  return new Fault('signer-request-malformed', { problem: problem.slice(0, 200) });
};

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw malformed(result.error);
}

/** Throws `signer-request-malformed`. */
export const readRequestFrame = (value: unknown) => read(requestFrame, value);
export const readAnswerFrame = (value: unknown) => read(answerFrame, value);
export const readRequest = <N extends OperationName>(operation: N, value: unknown): RequestOf<N> =>
  read(operations[operation].request as unknown as z.ZodType<RequestOf<N>>, value);
export const readAnswer = <N extends OperationName>(operation: N, value: unknown): AnswerOf<N> =>
  read(operations[operation].answer as unknown as z.ZodType<AnswerOf<N>>, value);

/** No words of a foreign error cross, nor a field that is no plain value. */
export function plainFault(thrown: unknown): PlainFault {
  const detail = 'an unexpected failure of the signer';
  const fault = thrown instanceof Fault ? thrown : new Fault('internal-error', { detail });
  const fields: PlainFault['fields'] = {};
  for (const [key, value] of Object.entries(fault.fields)) {
    const plain = field.safeParse(value);
    if (plain.success) fields[key] = plain.data;
  }
  return { code: fault.code, number: fault.number, fields };
}

export function faultOfPlain({ code, number, fields }: PlainFault): Fault {
  const known = faultCodeOf(number);
  if (known === code) return new Fault(known, fields);
  return new Fault('internal-error', { detail: 'the signer is of another version' });
}
