// The file that `firmseal personalize --records` writes, as its reader needs it: the signed record of each
// chip. Who verifies the records is the authority.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from '@firmseal/files';
import { z } from 'zod';

/** 10,000 chips and more. */
const mostBytes = 128 * 1024 * 1024;

const recordLine = z.object({
  thumbprint: z.string().regex(/^[0-9a-f]{64}$/, 'a thumbprint is due'),
  record: z.base64().max(8192),
});

export interface ChipRecord {
  /** As the file says it; the signed record decides. */
  readonly thumbprint: string;
  readonly record: Bytes;
  /** Of the file, from 1. */
  readonly line: number;
}

/**
 * All records, in the order of the file; a chip may have several. Throws `identity-records-invalid`,
 * `identity-records-empty`, and the faults of files.
 */
export function readIdentityRecords(file: string): ChipRecord[] {
  const text = new TextDecoder().decode(readBoundedFile(file, mostBytes));
  const records = text
    .split('\n')
    .flatMap((one, index) => (one.trim() === '' ? [] : [readLine(file, one, index + 1)]));
  if (records.length === 0) throw new Fault('identity-records-empty', { file });
  return records;
}

/** The last record of each chip. */
export function latestOfEachChip(records: readonly ChipRecord[]): ChipRecord[] {
  const found = new Map<string, ChipRecord>();
  for (const record of records) {
    found.delete(record.thumbprint);
    found.set(record.thumbprint, record);
  }
  return [...found.values()];
}

function readLine(file: string, text: string, line: number): ChipRecord {
  const invalid = (problem: string) => new Fault('identity-records-invalid', { file, line, problem });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  const { success, data, error } = recordLine.safeParse(json);
  if (!success) throw invalid(error.issues[0]!.message);
  return { thumbprint: data.thumbprint, record: Uint8Array.from(Buffer.from(data.record, 'base64')), line };
}
