// What a database holds, by job, from the lines of its evidence; and the lines themselves, for the audit.

import { decodeEvidenceLine, type EvidenceLine } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { decodeLogEntry } from '@firmseal/ledger';

interface JobBooks {
  readonly units: { readonly unitIndex: number; readonly thumbprint: string }[];
  readonly licensedUnits: Set<number>;
  readonly provenUnits: Set<number>;
  licenses: number;
  receipts: number;
}

export interface BookKeeping {
  readonly lines: readonly string[];
  readonly jobs: ReadonlyMap<string, JobBooks>;
  /** Entries of the log by kind. */
  readonly logged: ReadonlyMap<string, number>;
}

/** Reads evidence that this program wrote; throws for a line that is not of the interface. */
export async function keepBooks(evidence: AsyncIterable<string>): Promise<BookKeeping> {
  const lines: string[] = [];
  const jobs = new Map<string, JobBooks>();
  const logged = new Map<string, number>();
  const unitOfLicense = new Map<string, number>();
  const add = (line: EvidenceLine) => {
    if (line.kind === 'log') {
      const { kind } = decodeLogEntry(line.entry, line.sequence);
      logged.set(kind, (logged.get(kind) ?? 0) + 1);
    }
    if (line.kind === 'job')
      jobs.set(toHex(line.job), {
        ...{ units: [], licensedUnits: new Set(), provenUnits: new Set() },
        ...{ licenses: 0, receipts: 0 },
      });
    if (!('job' in line)) return;
    const job = jobs.get(toHex(line.job))!;
    if (line.kind === 'unit')
      job.units.push({ unitIndex: line.unitIndex, thumbprint: toHex(line.thumbprint) });
    if (line.kind === 'license') {
      job.licenses++;
      job.licensedUnits.add(line.unitIndex);
      unitOfLicense.set(toHex(line.licenseId), line.unitIndex);
    }
    if (line.kind === 'receipt') {
      job.receipts++;
      job.provenUnits.add(unitOfLicense.get(toHex(line.licenseId))!);
    }
  };
  for await (const text of evidence) {
    lines.push(text);
    add(decodeEvidenceLine(text, lines.length));
  }
  return { lines, jobs, logged };
}
