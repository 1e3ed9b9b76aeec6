// Everything that an auditor needs, with no secret in it: the log, and for each job its rows. It can be
// gathered from a store, written as JSON for GET /v1/jobs/{job}/evidence and GET /v1/log, and read back
// by an auditor who has no database.

import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import type { LogRow } from '../log/entry.ts';
import type {
  DeviceRecord,
  JobRecord,
  LicenseRecord,
  PackageRecord,
  ReceiptRecord,
  UnitRecord,
} from '../store/records.ts';
import type { Store, StoreReader } from '../store/store.ts';

export interface JobEvidence {
  readonly job: Omit<JobRecord, 'deviceDataKey'>;
  readonly packages: readonly Omit<PackageRecord, 'contentKeyFile'>[];
  readonly units: readonly UnitRecord[];
  readonly devices: readonly DeviceRecord[];
  readonly licenses: readonly LicenseRecord[];
  readonly receipts: readonly ReceiptRecord[];
}

export interface Evidence {
  readonly log: readonly LogRow[];
  readonly jobs: readonly JobEvidence[];
}

const pageRows = 1000;

/** The whole log. Rows are asked for by sequence, so a gap does not hide what follows it. */
async function readWholeLog(store: StoreReader): Promise<LogRow[]> {
  const log: LogRow[] = [];
  for (;;) {
    const page = await store.readLog((log.at(-1)?.sequence ?? -1) + 1, pageRows);
    log.push(...page);
    if (page.length < pageRows) return log;
  }
}

/** The evidence of one job, which must exist. */
export async function collectJobEvidence(store: StoreReader, record: JobRecord): Promise<JobEvidence> {
  const { deviceDataKey: _, ...job } = record;
  const { jobId } = job;
  const packages = (await store.listPackages(jobId)).map(({ contentKeyFile: _, ...item }) => item);
  const [units, devices] = [await store.listUnits(jobId), await store.listDevices(jobId)];
  const [licenses, receipts] = [await store.listLicenses(jobId), await store.listReceipts(jobId)];
  return { job, packages, units, devices, licenses, receipts };
}

/** All of a store at one moment, however busy its lines are. */
export function collectEvidence(store: Store): Promise<Evidence> {
  return store.withSnapshot(async (reader) => {
    const jobs: JobEvidence[] = [];
    for (const job of await reader.listJobs()) jobs.push(await collectJobEvidence(reader, job));
    return { jobs, log: await readWholeLog(reader) };
  });
}

/** A record with each byte string as hexadecimal, as deep as it goes. */
export type AsJson<T> = T extends Bytes
  ? string
  : T extends readonly (infer U)[]
    ? AsJson<U>[]
    : T extends object
      ? { [K in keyof T]: AsJson<T[K]> }
      : T;

/** Byte strings to lower-case hexadecimal; all else as it is. */
export function evidenceToJson<T>(value: T): AsJson<T> {
  const convert = (item: unknown): unknown => {
    if (item instanceof Uint8Array) return toHex(item);
    if (Array.isArray(item)) return item.map(convert);
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([name, field]) => [name, convert(field)]));
  };
  return convert(value) as AsJson<T>;
}

const plainText = new Set([
  ...['product', 'mode', 'accepts', 'state', 'requestId', 'firmwareVersion', 'outcome'],
]);

/**
 * The reverse, for evidence of a job or rows of the log. Throws `hex-invalid`. The shape is not checked here.
 */
export function evidenceFromJson<T>(json: AsJson<T>): T {
  const convert = (item: unknown, name: string): unknown => {
    if (typeof item === 'string') return plainText.has(name) ? item : fromHex(item, name);
    if (Array.isArray(item)) return item.map((one) => convert(one, name));
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, field]) => [key, convert(field, key)]));
  };
  return convert(json, '') as T;
}
