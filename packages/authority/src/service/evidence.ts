// All evidence of a store at one moment, as the lines of packages/authority-contract: read in pages,
// each handed on before the next one is read, so that memory does not grow with the history and
// other requests are served in between.

import { setImmediate } from 'node:timers/promises';
import { noJob } from '@firmseal/approval';
import { type EvidenceLine, encodeEvidenceLine, evidenceFormat } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import type { ApprovalRecord, JobEndRecord, JobRecord, LicenseRecord, UnitRecord } from '../store/records.ts';
import type { Store, StoreSnapshot } from '../store/store.ts';

/** Small, so that whoever asks meanwhile is answered soon. */
const pageRows = 100;
const pageUnits = 25;

/** All evidence as lines without their ends, for whoever has the store itself. */
export async function* readEvidence(
  store: Pick<Store, 'openSnapshot'>,
  nowMs: () => number,
): AsyncGenerator<string> {
  for await (const page of exportEvidence(store, nowMs)) yield* page.map(encodeEvidenceLine);
}

/** `nowMs`: clock of the authority. Yields pages; the last line counts all before it. */
export async function* exportEvidence(
  store: Pick<Store, 'openSnapshot'>,
  nowMs: () => number,
): AsyncGenerator<readonly EvidenceLine[]> {
  const snapshot = await store.openSnapshot();
  let lines = 0;
  try {
    for await (const page of pagesOf(snapshot, nowMs())) {
      lines += page.length;
      yield page;
      await setImmediate();
    }
  } finally {
    await snapshot.close();
  }
  yield [{ kind: 'end', lines }];
}

async function* pagesOf(snapshot: StoreSnapshot, atMs: number): AsyncGenerator<EvidenceLine[]> {
  yield [{ kind: 'head', format: evidenceFormat, ...(await snapshot.logHead()), atMs }];
  yield* logPages(snapshot);
  yield* identityPages(snapshot);
  yield approvalLines(noJob, await snapshot.listApprovals(noJob));
  for (let from = 0; ; from += pageRows) {
    const jobs = await snapshot.listJobs({ from, limit: pageRows });
    for (const job of jobs) yield* jobPages(snapshot, job);
    if (jobs.length < pageRows) return;
  }
}

/** Rows are asked for by sequence, so a gap does not hide what follows it. */
async function* logPages(snapshot: StoreSnapshot): AsyncGenerator<EvidenceLine[]> {
  for (let from = 0; ; ) {
    const rows = await snapshot.readLog(from, pageRows);
    yield rows.map((row) => ({ kind: 'log', ...row }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    from = last.sequence + 1;
  }
}

async function* identityPages(snapshot: StoreSnapshot): AsyncGenerator<EvidenceLine[]> {
  for (let from = 0; ; from += pageRows) {
    const rows = await snapshot.listIdentities({ from, limit: pageRows });
    yield rows.map((row) => ({ kind: 'identity', ...row }));
    if (rows.length < pageRows) return;
  }
}

const approvalLines = (job: Bytes, approvals: readonly ApprovalRecord[]) =>
  approvals.map(({ jobId: _, ended: __, ...item }) => ({ kind: 'approval' as const, job, ...item }));

async function* jobPages(snapshot: StoreSnapshot, job: JobRecord): AsyncGenerator<EvidenceLine[]> {
  const { jobId, product, quota, mode, accepts, state, createdAtMs, validUntilMs, ledgerPolicy } = job;
  const { stations } = job;
  const more = {
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(ledgerPolicy ? { ledgerPolicy } : {}),
    ...(stations ? { stations: [...stations] } : {}),
  };
  const packages = await snapshot.listPackages(jobId);
  const approvals = await snapshot.listApprovals(jobId);
  const ending = await snapshot.findJobEnd(jobId);
  yield [
    { kind: 'job', job: jobId, product, quota, mode, accepts: [...accepts], state, createdAtMs, ...more },
    ...packages.map(({ jobId: _, ordinal: __, contentKeyFile: ___, ...item }) => ({
      kind: 'package' as const,
      job: jobId,
      ...item,
    })),
    ...approvalLines(jobId, approvals),
    ...(ending === undefined ? [] : [endingLine(ending)]),
  ];
  for (let from = 0; ; ) {
    const units = await snapshot.listUnits(jobId, { from, limit: pageUnits });
    const [first, last] = [units[0], units.at(-1)];
    if (!first || !last) return;
    yield await unitLines(snapshot, units, { jobId, first: first.unitIndex, last: last.unitIndex });
    if (units.length < pageUnits) return;
    from = last.unitIndex + 1;
  }
}

/** Each unit, what stations asked for it, its licenses, their receipts, and what stations said of it. */
async function unitLines(
  snapshot: StoreSnapshot,
  units: readonly UnitRecord[],
  range: { jobId: UnitRecord['jobId']; first: number; last: number },
): Promise<EvidenceLine[]> {
  const licenses = Map.groupBy(await snapshot.listLicenses(range), ({ unitIndex }) => unitIndex);
  const ofUnit = ({ unitIndex }: { unitIndex: number }) => unitIndex;
  const requests = Map.groupBy(await snapshot.listStationRequests(range), ofUnit);
  const outcomes = Map.groupBy(await snapshot.listOutcomes(range), ofUnit);
  const receipts = Map.groupBy(await snapshot.listReceipts(range), ({ licenseId }) => toHex(licenseId));
  return units.flatMap((unit): EvidenceLine[] => {
    const own = licenses.get(unit.unitIndex) ?? [];
    return [
      unitLine(unit),
      ...(requests.get(unit.unitIndex) ?? []).map(
        ({ jobId, ...row }): EvidenceLine => ({ kind: 'request', job: jobId, ...row }),
      ),
      ...own.map(licenseLine),
      ...own.flatMap(({ licenseId }) =>
        (receipts.get(toHex(licenseId)) ?? []).map(
          ({ jobId, ...row }): EvidenceLine => ({ kind: 'receipt', job: jobId, ...row }),
        ),
      ),
      ...(outcomes.get(unit.unitIndex) ?? []).map(
        ({ jobId, ...row }): EvidenceLine => ({ kind: 'outcome', job: jobId, ...row }),
      ),
    ];
  });
}

const unitLine = ({ jobId, voided, ...unit }: UnitRecord): EvidenceLine => ({
  kind: 'unit',
  job: jobId,
  ...unit,
  ...(voided ? { voidedAtMs: voided.atMs } : {}),
});

const endingLine = ({ jobId, ...item }: JobEndRecord): EvidenceLine => ({
  kind: 'ending',
  job: jobId,
  ...item,
});

const licenseLine = (row: LicenseRecord): EvidenceLine => {
  const { jobId, requestId: _, nonce: __, logSequence: ___, ...license } = row;
  return { kind: 'license', job: jobId, ...license };
};
