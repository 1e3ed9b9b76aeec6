// A batch for a line without a connection: the records of personalized chips go to the authority a few at a
// time, their licenses come back, and one signed list makes them a file. What was issued before a fault is
// found again when the same command is given again.

import type { AuthorityClient } from '@firmseal/authority-client';
import { mostBatchRecords } from '@firmseal/authority-contract';
import { type Bytes, equalBytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { batchLicensesMax, encodeLicenseBatch, type LicenseBatch, openLicenseBatch } from '@firmseal/license';
import type { ChipRecord } from './identity-records.ts';

export interface BatchWish {
  readonly job: Bytes;
  readonly records: readonly ChipRecord[];
  readonly notAfterSeconds: number;
  /** The newest approved package of the job when left out. */
  readonly manifestDigest?: Bytes | undefined;
  /** That the licenses are for. */
  readonly station?: string | undefined;
  readonly rootPublicKey: Bytes;
  /** What faults call the file. */
  readonly file: string;
  /** Told after each call: chips that have a license. */
  readonly onProgress?: (licensed: number) => void;
}

export interface MadeBatch {
  readonly bytes: Bytes;
  readonly batch: LicenseBatch;
  /** Units of the quota that were taken now. */
  readonly newUnits: number;
}

interface Given {
  readonly licenseId: Bytes;
  readonly bundle: Bytes;
  readonly newUnit: boolean;
}

/** Throws `batch-chips-too-many`, those of the two calls, and those of openLicenseBatch. */
export async function makeBatch(client: AuthorityClient, wish: BatchWish): Promise<MadeBatch> {
  const { job, notAfterSeconds, rootPublicKey, file } = wish;
  await refuseTooMany(client, wish);
  const given = await licenseAll(client, wish);
  const licenses = given.map(({ licenseId }) => licenseId);
  const signed = await client.call('signBatch', { job, licenses, notAfterSeconds });
  const bundles = given.map(({ bundle }) => bundle);
  const bytes = encodeLicenseBatch(signed, bundles);
  const batch = openLicenseBatch(nodeCrypto, { bytes, rootPublicKey, file });
  return { bytes, batch, newUnits: given.filter(({ newUnit }) => newUnit).length };
}

async function refuseTooMany(client: AuthorityClient, { job, records }: BatchWish): Promise<void> {
  const chips = records.length;
  if (chips > batchLicensesMax)
    throw new Fault('batch-chips-too-many', { chips, most: batchLicensesMax, why: 'which a batch can hold' });
  const { quota } = await client.call('showJob', { job });
  if (chips > quota)
    throw new Fault('batch-chips-too-many', { chips, most: quota, why: 'the quota of the job' });
}

async function licenseAll(client: AuthorityClient, wish: BatchWish): Promise<Given[]> {
  const { job, records, notAfterSeconds, onProgress, station } = wish;
  const given: Given[] = [];
  let { manifestDigest } = wish;
  for (let from = 0; from < records.length; from += mostBatchRecords) {
    const some = records.slice(from, from + mostBatchRecords);
    const input = {
      ...{ job, notAfterSeconds, records: some.map(({ record }) => record), manifestDigest },
      ...(station === undefined ? {} : { station }),
    };
    const answer = await client.call('licenseRecords', input).catch((error) => {
      throw nameRecord(error, some);
    });
    // A package that is approved meanwhile belongs to the next batch.
    manifestDigest ??= answer.manifestDigest;
    if (!equalBytes(answer.manifestDigest, manifestDigest) || answer.licenses.length !== some.length)
      throw new Fault('authority-answer-malformed', { what: 'licenseRecords', field: 'licenses' });
    given.push(...answer.licenses);
    onProgress?.(given.length);
  }
  return given;
}

/** The authority counts within a request; people count lines of their file. */
function nameRecord(error: unknown, some: readonly ChipRecord[]): unknown {
  if (!(error instanceof Fault) || error.code !== 'batch-record-refused') return error;
  const record = some[Number(error.fields['record']) - 1];
  if (record === undefined) return error;
  const { line, thumbprint } = record;
  const named = `in line ${line} (device ${thumbprint.slice(0, 16)})`;
  return new Fault(error.code, { ...error.fields, record: named, thumbprint }, { cause: error });
}
