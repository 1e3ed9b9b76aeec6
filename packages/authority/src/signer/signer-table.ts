// The signer's own table: which chips it counted for which job, under which terms; what is stopped; what was
// closed. Only the signer writes it: an SQLite file of its own, or a schema that belongs to its database
// role. One transaction decides about a chip, and is durable before anything is signed.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { StopRecord } from '../store/records.ts';
import type { StopKey } from '../store/store.ts';
import type { Claim, PinnedJob } from './claim.ts';
import { CountQueue } from './count-together.ts';
import type { SignerDatabase, SignerQuery } from './signer-database.ts';

/** More licenses for one chip are the sign of a caller that asks without an end. */
const licensesOfUnitAtMost = 256;

/** What an authority that had no signer knows of a chip. */
export type KnownUnit = {
  readonly thumbprint: Bytes;
  readonly unitIndex: number;
  readonly isVoided: boolean;
  readonly licenses: number;
  readonly ceiling: number;
};

interface JobRow {
  readonly quota: number;
  readonly counted: number;
  readonly end: Bytes | undefined;
}

type Row = Record<string, unknown>;

const bytesOf = (value: unknown): Bytes => new Uint8Array(value as Uint8Array);

/** Terms that differ from those that were pinned by how a key is wrapped, and by nothing else. */
const areSame = async (query: SignerQuery, jobId: Bytes, terms: Bytes): Promise<boolean> =>
  (await query('SELECT terms FROM signer_terms WHERE job_id = $1 AND terms = $2', [jobId, terms])).rows
    .length > 0;

/** The job as it was pinned, or is now. Throws `signer-job-differs`. */
async function pin(query: SignerQuery, job: PinnedJob, atMs: number): Promise<JobRow> {
  const { jobId, product, quota, terms } = job;
  const find = async (): Promise<Row | undefined> =>
    (await query('SELECT * FROM signer_jobs WHERE job_id = $1 /*lock*/', [jobId])).rows[0];
  let row = await find();
  if (row === undefined) {
    await query(
      `INSERT INTO signer_jobs (job_id, product, terms, quota, counted, pinned_at_ms)
       VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (job_id) DO NOTHING`,
      [jobId, product, terms, quota, atMs],
    );
    row = (await find())!;
  }
  if (!equalBytes(bytesOf(row['terms']), terms) && !(await areSame(query, jobId, terms)))
    throw new Fault('signer-job-differs', { job: toHex(jobId) });
  const end = row['job_end'];
  return {
    ...{ quota: row['quota'] as number, counted: row['counted'] as number },
    end: end === null ? undefined : bytesOf(end),
  };
}

/** Throws `issue-stopped`. */
export async function refuseStopped(query: SignerQuery, stops: readonly StopKey[]): Promise<void> {
  for (const { kind, name } of stops) {
    const sql = 'SELECT reason FROM signer_stops WHERE kind = $1 AND name = $2';
    const [row] = (await query(sql, [kind, name])).rows;
    if (row !== undefined)
      throw new Fault('issue-stopped', { what: kind, name, reason: row['reason'] as string });
  }
}

const findUnit = async (query: SignerQuery, jobId: Bytes, thumbprint: Bytes): Promise<Row | undefined> =>
  (await query('SELECT * FROM signer_units WHERE job_id = $1 AND thumbprint = $2', [jobId, thumbprint]))
    .rows[0];

const insertUnit = `
  INSERT INTO signer_units
    (job_id, thumbprint, unit_index, voided, licenses, ceiling, last_request, counted_at_ms)
  VALUES ($1, $2, $3, 0, 1, $4, $5, $6)`;

/** A job in these terms that is open and has room, a chip that it has not counted, and nothing stopped. */
const countOne = (stops: number): string =>
  `UPDATE signer_jobs SET counted = counted + 1
   WHERE job_id = $1 AND terms = $2 AND job_end IS NULL AND counted < quota
   AND NOT EXISTS (SELECT 1 FROM signer_units u WHERE u.job_id = $1 AND u.thumbprint = $3)
   ${Array.from({ length: stops }, (_, i) => `AND NOT EXISTS (SELECT 1 FROM signer_stops WHERE kind = $${4 + 2 * i} AND name = $${5 + 2 * i})`).join(' ')}`;
/** By their number of stops: a station has as many as its name has parts. */
const statementsOfOne = new Map<number, string>();

/**
 * Counts a chip that needs no decision, in two statements instead of six. False leaves everything as it was,
 * for the others to find out why.
 */
async function countNew(query: SignerQuery, claim: Claim): Promise<boolean> {
  const { job, thumbprint, unitIndex, request, ceiling, atMs, stops } = claim;
  const { jobId, terms } = job;
  const sql = statementsOfOne.get(stops.length) ?? countOne(stops.length);
  statementsOfOne.set(stops.length, sql);
  const values = [jobId, terms, thumbprint, ...stops.flatMap(({ kind, name }) => [kind, name])];
  if ((await query(sql, values)).changed === 0) return false;
  await query(insertUnit, [jobId, thumbprint, unitIndex, ceiling, request, atMs]);
  return true;
}

/** One chip more, where the quota has room. Throws `signer-quota-exhausted`. */
async function takeRoom(query: SignerQuery, { jobId, quota }: PinnedJob): Promise<void> {
  const { changed } = await query(
    'UPDATE signer_jobs SET counted = counted + 1 WHERE job_id = $1 AND counted < quota',
    [jobId],
  );
  if (changed === 0) throw new Fault('signer-quota-exhausted', { job: toHex(jobId), quota });
}

async function refuseHeld(query: SignerQuery, { job, thumbprint, unitIndex }: Claim): Promise<void> {
  const { jobId } = job;
  const [other] = (
    await query('SELECT thumbprint FROM signer_units WHERE job_id = $1 AND unit_index = $2', [
      jobId,
      unitIndex,
    ])
  ).rows;
  if (other !== undefined && !equalBytes(bytesOf(other['thumbprint']), thumbprint))
    throw new Fault('signer-unit-held', { job: toHex(jobId), unit: unitIndex });
}

export class SignerTable {
  readonly #database: SignerDatabase;
  readonly #newChips: CountQueue | undefined;

  constructor(database: SignerDatabase) {
    this.#database = database;
    if (database.statement)
      this.#newChips = new CountQueue((sql, values) => database.statement!(sql, values));
  }

  /**
   * Ceilings of the chip's licenses so far: under this job, or undefined for a chip that it has not counted;
   * and the highest under all jobs of the product.
   */
  ceilingsOf({
    jobId,
    product,
    thumbprint,
  }: {
    jobId: Bytes;
    product: string;
    thumbprint: Bytes;
  }): Promise<{ own: number | undefined; highest: number }> {
    return this.#database.transaction(async (query) => {
      const row = await findUnit(query, jobId, thumbprint);
      const sql = `SELECT coalesce(max(u.ceiling), 0) AS highest FROM signer_units u
        JOIN signer_jobs j ON j.job_id = u.job_id WHERE u.thumbprint = $1 AND j.product = $2`;
      const [all] = (await query(sql, [thumbprint, product])).rows;
      return { own: row?.['ceiling'] as number | undefined, highest: all!['highest'] as number };
    });
  }

  /**
   * Counts the chip for the job, once. Throws `issue-stopped`, `job-closed`, `signer-job-differs`,
   * `signer-quota-exhausted`, `signer-unit-held`, `licenses-too-many`; then nothing was counted.
   */
  async count(claim: Claim): Promise<void> {
    if (this.#newChips && !claim.isUnitOwn && (await this.#newChips.count(claim))) return;
    await this.#countAlone(claim);
  }

  #countAlone(claim: Claim): Promise<void> {
    const { job, thumbprint, unitIndex, request, ceiling, atMs, stops } = claim;
    const { jobId } = job;
    return this.#database.transaction(async (query) => {
      // PostgreSQL was asked for this before (count-together.ts).
      if (!this.#newChips && !claim.isUnitOwn && (await countNew(query, claim))) return;
      await refuseStopped(query, stops);
      const { end } = await pin(query, job, atMs);
      if (end !== undefined) throw new Fault('job-closed', { job: toHex(jobId) });
      if (claim.isUnitOwn) await refuseHeld(query, claim);
      const row = await findUnit(query, jobId, thumbprint);
      if (row === undefined) {
        await takeRoom(query, job);
        await query(insertUnit, [jobId, thumbprint, unitIndex, ceiling, request, atMs]);
        return;
      }
      const isVoided = row['voided'] === 1;
      const isSame = equalBytes(bytesOf(row['last_request']), request) && row['unit_index'] === unitIndex;
      if (isSame && !isVoided) return;
      if (isVoided) await takeRoom(query, job);
      const licenses = (row['licenses'] as number) + 1;
      if (licenses > licensesOfUnitAtMost)
        throw new Fault('licenses-too-many', {
          job: toHex(jobId),
          unit: unitIndex,
          most: licensesOfUnitAtMost,
        });
      await query(
        `UPDATE signer_units SET unit_index = $3, voided = 0, licenses = $4, ceiling = $5, last_request = $6
         WHERE job_id = $1 AND thumbprint = $2`,
        [jobId, thumbprint, unitIndex, licenses, Math.max(ceiling, row['ceiling'] as number), request],
      );
    });
  }

  /**
   * The chip counts no more, if it did. `words` names what was signed for it: what is still fresh of it is
   * handed to `judge`, which throws when it is too little, and is then used up.
   */
  voidUnit(
    { job, thumbprint, atMs }: Pick<Claim, 'job' | 'thumbprint' | 'atMs'>,
    { words, judge }: { words: readonly Bytes[]; judge: (fresh: readonly boolean[]) => Promise<void> },
  ): Promise<void> {
    const { jobId } = job;
    return this.#database.transaction(async (query) => {
      await pin(query, job, atMs);
      const row = await findUnit(query, jobId, thumbprint);
      if (row === undefined || row['voided'] === 1) return;
      const fresh: boolean[] = [];
      for (const word of words)
        fresh.push((await query('SELECT word FROM signer_spent WHERE word = $1', [word])).rows.length === 0);
      await judge(fresh);
      for (const word of words)
        await query('INSERT INTO signer_spent VALUES ($1) ON CONFLICT (word) DO NOTHING', [word]);
      const key = [jobId, thumbprint];
      await query('UPDATE signer_units SET voided = 1 WHERE job_id = $1 AND thumbprint = $2', key);
      await query('UPDATE signer_jobs SET counted = counted - 1 WHERE job_id = $1', [jobId]);
    });
  }

  /** From now on the job may come with these terms as well. Throws `signer-job-differs`. */
  noteSameTerms(job: PinnedJob, terms: Bytes, atMs: number): Promise<void> {
    return this.#database.transaction(async (query) => {
      await pin(query, job, atMs);
      const sql = 'INSERT INTO signer_terms VALUES ($1, $2) ON CONFLICT (job_id, terms) DO NOTHING';
      await query(sql, [job.jobId, terms]);
    });
  }

  setStop({ kind, name, reason, atMs }: StopRecord): Promise<void> {
    return this.#database.transaction(async (query) => {
      await query('INSERT INTO signer_stops VALUES ($1, $2, $3, $4) ON CONFLICT (kind, name) DO NOTHING', [
        kind,
        name,
        reason,
        atMs,
      ]);
    });
  }

  liftStop({ kind, name }: StopKey): Promise<void> {
    return this.#database.transaction(async (query) => {
      await query('DELETE FROM signer_stops WHERE kind = $1 AND name = $2', [kind, name]);
    });
  }

  /**
   * The certificate of the job's end that was kept, or the one that `sign` makes, which is kept then.
   * `sign` gets how many chips were counted. Throws `signer-job-differs`, and what `sign` throws.
   */
  endJob(job: PinnedJob, atMs: number, sign: (counted: number) => Promise<Bytes>): Promise<Bytes> {
    return this.#database.transaction(async (query) => {
      const { counted, end } = await pin(query, job, atMs);
      if (end !== undefined) return end;
      const made = await sign(counted);
      await query('UPDATE signer_jobs SET job_end = $2 WHERE job_id = $1', [job.jobId, made]);
      return made;
    });
  }

  /**
   * Notes the checkpoint as the newest where `judge`, which gets the one before, says that it is; false where
   * it was not noted.
   */
  continueLedger(
    origin: string,
    next: { size: number; root: Bytes },
    judge: (before: { size: number; root: Bytes } | undefined) => boolean,
  ): Promise<boolean> {
    return this.#database.transaction(async (query) => {
      const sql = 'SELECT size, root FROM signer_checkpoints WHERE origin = $1 /*lock*/';
      const [row] = (await query(sql, [origin])).rows;
      if (!judge(row && { size: row['size'] as number, root: bytesOf(row['root']) })) return false;
      await query(
        `INSERT INTO signer_checkpoints VALUES ($1, $2, $3)
         ON CONFLICT (origin) DO UPDATE SET size = $2, root = $3`,
        [origin, next.size, next.root],
      );
      return true;
    });
  }

  /** Whether nothing was taken over yet, not even nothing. */
  isNew(): Promise<boolean> {
    return this.#database.transaction(
      async (query) =>
        (await query("SELECT name FROM signer_state WHERE name = 'taken-over'", [])).rows.length === 0,
    );
  }

  markTakenOver(): Promise<void> {
    return this.#database.transaction(async (query) => {
      await query("INSERT INTO signer_state VALUES ('taken-over') ON CONFLICT (name) DO NOTHING", []);
    });
  }

  /** What an authority counted before it had a signer. */
  takeOver(
    job: PinnedJob & { end: Bytes | undefined },
    units: readonly KnownUnit[],
    atMs: number,
  ): Promise<void> {
    return this.#database.transaction(async (query) => {
      await pin(query, job, atMs);
      for (const { thumbprint, unitIndex, isVoided, licenses, ceiling } of units)
        await query(
          `INSERT INTO signer_units
             (job_id, thumbprint, unit_index, voided, licenses, ceiling, last_request, counted_at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (job_id, thumbprint) DO NOTHING`,
          [job.jobId, thumbprint, unitIndex, isVoided ? 1 : 0, licenses, ceiling, new Uint8Array(0), atMs],
        );
      await query(
        `UPDATE signer_jobs SET job_end = $2,
           counted = (SELECT count(*) FROM signer_units u WHERE u.job_id = $1 AND u.voided = 0)
         WHERE job_id = $1`,
        [job.jobId, job.end ?? null],
      );
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
