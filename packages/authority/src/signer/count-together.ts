// New chips of a job, counted in one statement for all that wait: on PostgreSQL a transaction for
// each chip is eight messages. It counts only what needs no decision: a chip that was not counted
// before, nothing stopped, the job with its terms, open, and with room for all of them. The
// others are left to SignerTable.count.

import { toHex } from '@firmseal/bytes';
import type { Claim } from './claim.ts';
import type { SignerDatabase } from './signer-database.ts';

// A snapshot is taken before the row of the job is locked. Its columns are read again under the lock; a chip
// that another signer counted in between violates the primary key, and nothing of the statement stays.
const countNew = `
  WITH want AS (
    SELECT * FROM unnest($3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[])
      AS w (thumbprint, unit_index, ceiling, request, at_ms)),
  stopped AS (
    SELECT k.thumbprint FROM unnest($8::bytea[], $9::text[], $10::text[]) AS k (thumbprint, kind, name)
    JOIN signer_stops s ON s.kind = k.kind AND s.name = k.name),
  fresh AS MATERIALIZED (
    SELECT * FROM want WHERE NOT EXISTS (SELECT 1 FROM stopped t WHERE t.thumbprint = want.thumbprint)
      AND NOT EXISTS (SELECT 1 FROM signer_units u WHERE u.job_id = $1 AND u.thumbprint = want.thumbprint)),
  counting AS (
    UPDATE signer_jobs SET counted = counted + (SELECT count(*) FROM fresh)
    WHERE job_id = $1 AND terms = $2 AND job_end IS NULL
      AND counted + (SELECT count(*) FROM fresh) <= quota
    RETURNING job_id)
  INSERT INTO signer_units
    (job_id, thumbprint, unit_index, voided, licenses, ceiling, last_request, counted_at_ms)
  SELECT job_id, thumbprint, unit_index, 0, 1, ceiling, request, at_ms FROM fresh, counting
  RETURNING thumbprint`;

const batchAtMost = 64;

interface Waiting {
  readonly claim: Claim;
  readonly resolve: (isCounted: boolean) => void;
  readonly reject: (cause: unknown) => void;
}

export class CountQueue {
  readonly #run: NonNullable<SignerDatabase['statement']>;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(run: NonNullable<SignerDatabase['statement']>) {
    this.#run = run;
  }

  /** Whether the chip was counted now; false leaves everything as it was. */
  count(claim: Claim): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ claim, resolve, reject });
      if (!this.#running) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#running = true;
    // What the same turn of the event loop adds goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settle(this.#next());
    this.#running = false; // in the same turn: a claim that came later would wait for ever
  }

  /** Claims of one job in its terms, a chip once. */
  #next(): Waiting[] {
    const first = this.#waiting[0]!.claim.job;
    const chips = new Set<string>();
    const taken = this.#waiting.filter(({ claim: { job, thumbprint } }) => {
      const chip = toHex(thumbprint);
      if (chips.size >= batchAtMost || chips.has(chip) || toHex(job.terms) !== toHex(first.terms))
        return false;
      chips.add(chip);
      return true;
    });
    this.#waiting = this.#waiting.filter((one) => !taken.includes(one));
    return taken;
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    const claims = batch.map(({ claim }) => claim);
    const { jobId, terms } = claims[0]!.job;
    const stops = claims.flatMap(({ thumbprint, stops }) => stops.map((stop) => ({ thumbprint, ...stop })));
    try {
      const rows = await this.#run(countNew, [
        ...[jobId, terms, claims.map(({ thumbprint }) => thumbprint)],
        ...[claims.map(({ unitIndex }) => unitIndex), claims.map(({ ceiling }) => ceiling)],
        ...[claims.map(({ request }) => request), claims.map(({ atMs }) => atMs)],
        ...[stops.map(({ thumbprint }) => thumbprint), stops.map(({ kind }) => kind)],
        stops.map(({ name }) => name),
      ]);
      const counted = new Set(rows.map((row) => toHex(row['thumbprint'] as Uint8Array)));
      for (const { claim, resolve } of batch) resolve(counted.has(toHex(claim.thumbprint)));
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
    }
  }
}
