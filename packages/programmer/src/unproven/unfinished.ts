// What the journal tells of chips that a station wrote without agent: how far each place came, and which
// statements the authority has not got yet.

import { fromHex } from '@firmseal/bytes';
import type { OptionValue, ReadoutLevel } from '@firmseal/formats';
import type { AccessState, ProtectionFound } from '@firmseal/station';
import type { JournalEntry, JournalProtection } from '../journal.ts';

/** One chip at one place, by the lines of one install. */
export interface UnprovenRecord {
  readonly installId: string;
  readonly place: string;
  readonly holder: string;
  readonly manifestDigest: string;
  readonly jobId: string;
  /** License bundle, hexadecimal. */
  readonly bundle: string;
  stage: 'licensed' | 'written' | 'protected' | 'stated' | 'delivered';
  protection: ProtectionFound | undefined;
  /** Signed, hexadecimal, with the delegation of who signed it. */
  stated: { statement: string; delegation: string; done: boolean } | undefined;
}

export function toJournalProtection(found: ProtectionFound): JournalProtection {
  const { access, readoutLevel = null, optionBytes } = found;
  return { access, readoutLevel, optionBytes: optionBytes.map(({ register, value }) => [register, value]) };
}

function fromJournalProtection({ access, readoutLevel, optionBytes }: JournalProtection): ProtectionFound {
  return {
    access: access as AccessState,
    ...(readoutLevel === null ? {} : { readoutLevel: readoutLevel as ReadoutLevel }),
    optionBytes: optionBytes.map(([register, value]): OptionValue => ({ register, value })),
  };
}

/** Every record, oldest first. */
export function unprovenRecords(entries: readonly JournalEntry[]): UnprovenRecord[] {
  const records = new Map<string, UnprovenRecord>();
  for (const entry of entries) {
    const { installId, socket: place } = entry;
    if (entry.kind === 'station-licensed') {
      const { holder, manifestDigest, jobId, bundle } = entry;
      records.set(installId, {
        ...{ installId, place, holder, manifestDigest, jobId, bundle },
        ...{ stage: 'licensed', protection: undefined, stated: undefined },
      });
      continue;
    }
    const record = records.get(installId);
    if (record === undefined) continue;
    switch (entry.kind) {
      case 'station-written':
        record.stage = 'written';
        break;
      case 'station-protected':
        record.stage = 'protected';
        record.protection = fromJournalProtection(entry.protection);
        break;
      case 'station-stated': {
        const { statement, delegation, done } = entry;
        record.stage = 'stated';
        record.stated = { statement, delegation, done };
        break;
      }
      case 'station-delivered':
        record.stage = 'delivered';
        break;
      default:
    }
  }
  return [...records.values()];
}

/** What the authority has not got yet, of one job. */
export function undelivered(entries: readonly JournalEntry[], jobId: string) {
  return unprovenRecords(entries).flatMap(({ installId, place, stage, stated, jobId: job }) =>
    stage === 'stated' && stated !== undefined && job === jobId
      ? [{ installId, place, statement: fromHex(stated.statement), delegation: fromHex(stated.delegation) }]
      : [],
  );
}
