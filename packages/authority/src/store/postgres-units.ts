// Units of a quota, the devices that hold them, and voids in PostgreSQL.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Transaction, WriteKind } from './postgres-commits.ts';
import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import type { Query } from './postgres-session.ts';
import type { UnitRecord } from './records.ts';
import * as rows from './rows.ts';
import type { Store } from './store.ts';
import type { UnitMethods } from './store-parts.ts';
import { unitConditions } from './unit-filter.ts';

type TakeRequest = Parameters<Store['takeUnit']>[0];

const selectUnit = `
  SELECT u.*, d.certificate, d.first_seen_at_ms, v.reason AS void_reason, v.at_ms AS voided_at_ms
  FROM units u JOIN devices d USING (thumbprint)
  LEFT JOIN voids v ON v.job_id = u.job_id AND v.unit_index = u.unit_index AND v.lifted_at_ms IS NULL`;

/**
 * Compares with the quota, counts and inserts in one statement, for as many devices as there is room, in the
 * order in which they asked. The lock of the log lets one such statement run at a time; should anything let
 * two past each other, the CHECK of the count and UNIQUE (job_id, unit_index) undo the second.
 */
const takeFree = `
  WITH asked AS (
    SELECT DISTINCT ON (job_id, thumbprint) *
    FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[]) WITH ORDINALITY
      AS a (job_id, thumbprint, certificate, at_ms, place)
    WHERE NOT EXISTS (SELECT 1 FROM units u WHERE u.job_id = a.job_id AND u.thumbprint = a.thumbprint)
    ORDER BY job_id, thumbprint, place),
  numbered AS (
    SELECT *, row_number() OVER (PARTITION BY job_id ORDER BY place) AS number FROM asked),
  wanted AS (
    SELECT job_id, least(count(*), quota - units_held) AS units
    FROM numbered JOIN jobs USING (job_id) WHERE state = 'approved' GROUP BY job_id, quota, units_held),
  room AS (
    UPDATE jobs SET units_taken = units_taken + units, units_held = units_held + units
    FROM wanted WHERE jobs.job_id = wanted.job_id AND units > 0
    RETURNING jobs.job_id, units_taken - units AS first_index, units),
  given AS (
    SELECT numbered.*, first_index + number - 1 AS unit_index
    FROM numbered JOIN room USING (job_id) WHERE number <= units),
  device AS (
    INSERT INTO devices SELECT DISTINCT ON (thumbprint) thumbprint, certificate, at_ms
    FROM given ORDER BY thumbprint, place ON CONFLICT (thumbprint) DO NOTHING)
  INSERT INTO units SELECT job_id, thumbprint, unit_index, at_ms FROM given
  RETURNING job_id, thumbprint, unit_index`;

/** How things stand, without a lock: who finds his unit, or no room, need not wait for one. */
const lookAtUnit = `
  SELECT u.unit_index, (v.ordinal IS NOT NULL)::integer AS voided,
    (j.state = 'approved' AND j.units_held < j.quota)::integer AS room
  FROM jobs j LEFT JOIN units u ON u.job_id = j.job_id AND u.thumbprint = $2
  LEFT JOIN voids v ON v.job_id = u.job_id AND v.unit_index = u.unit_index AND v.lifted_at_ms IS NULL
  WHERE j.job_id = $1`;

/** The unit that the device had before it was voided. */
const takeAgain = `
  WITH room AS (
    UPDATE jobs SET units_held = units_held + 1
    WHERE job_id = $1 AND state = 'approved' AND units_held < quota
    RETURNING job_id)
  UPDATE voids SET lifted_at_ms = $3 FROM room
  WHERE voids.job_id = room.job_id AND unit_index = $2 AND lifted_at_ms IS NULL`;

const voidOne = `
  WITH voided AS (
    INSERT INTO voids (job_id, unit_index, reason, at_ms)
    SELECT job_id, unit_index, $3, $4 FROM units
    WHERE job_id = $1 AND unit_index = $2 AND NOT EXISTS (
      SELECT 1 FROM licenses l JOIN receipts r USING (license_id)
      WHERE l.job_id = units.job_id AND l.unit_index = units.unit_index)
    AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.result = 'DONE-UNPROVEN'
      AND o.job_id = units.job_id AND o.unit_index = units.unit_index)
    ON CONFLICT (job_id, unit_index) WHERE lifted_at_ms IS NULL DO NOTHING
    RETURNING job_id)
  UPDATE jobs SET units_held = units_held - 1 FROM voided WHERE jobs.job_id = voided.job_id`;

const find = (query: Query, jobId: Bytes, thumbprint: Bytes): Promise<UnitRecord | undefined> =>
  one(query, rows.toUnit, `${selectUnit} WHERE u.job_id = $1 AND u.thumbprint = $2`, jobId, thumbprint);

type Taken = Awaited<ReturnType<Store['takeUnit']>>;

const nameOf = (jobId: Uint8Array, thumbprint: Uint8Array): string => `${toHex(jobId)} ${toHex(thumbprint)}`;

/** The unit that a device holds, or held before it was voided. */
async function takeHeld({ query, append }: Transaction, request: TakeRequest): Promise<Taken> {
  const { jobId, thumbprint, atMs, event } = request;
  const held = await find(query, jobId, thumbprint);
  if (!held?.voided) return held && { unitIndex: held.unitIndex, taken: false };
  if (!(await changed(query, takeAgain, jobId, held.unitIndex, atMs))) return undefined;
  append(event(held.unitIndex, 'unit-retaken'));
  return { unitIndex: held.unitIndex, taken: true };
}

const taking: WriteKind<TakeRequest, Taken> = {
  run: async (transaction, requests) => {
    const { query, append } = transaction;
    const found = await all(
      query,
      ({ job_id, thumbprint, unit_index }): [string, number] => [
        nameOf(job_id as Uint8Array, thumbprint as Uint8Array),
        unit_index as number,
      ],
      takeFree,
      ...[requests.map(({ jobId }) => jobId), requests.map(({ thumbprint }) => thumbprint)],
      requests.map(({ certificate = null }) => certificate),
      requests.map(({ atMs }) => atMs),
    );
    const given = new Map(found);
    const answers: Taken[] = [];
    for (const request of requests) {
      const name = nameOf(request.jobId, request.thumbprint);
      const unitIndex = given.get(name);
      given.delete(name); // the first who asks for a device has taken it
      if (unitIndex !== undefined) append(request.event(unitIndex, 'unit-taken'));
      const unit =
        unitIndex === undefined ? await takeHeld(transaction, request) : { unitIndex, taken: true };
      if (unit && request.station) await admit(transaction, request, unit.unitIndex);
      answers.push(unit);
    }
    return answers;
  },
};

async function admit(
  { query, append }: Transaction,
  { jobId, atMs, station }: TakeRequest,
  unitIndex: number,
): Promise<void> {
  const { requestDigest, request, delegation, event } = station!;
  const isNew = await changed(
    query,
    `INSERT INTO station_requests (request_digest, job_id, unit_index, request, delegation, admitted_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (request_digest) DO NOTHING`,
    requestDigest,
    jobId,
    unitIndex,
    request,
    delegation,
    atMs,
  );
  if (isNew) append(event(unitIndex));
}

export function unitMethods({ read, commit, commitTogether }: PostgresContext): UnitMethods {
  return {
    takeUnit: async (request) => {
      const seen = (await read(lookAtUnit, [request.jobId, request.thumbprint])).rows[0];
      if (seen === undefined) return undefined;
      const unitIndex = seen['voided'] === 1 ? null : (seen['unit_index'] as number | null);
      if (unitIndex === null && seen['room'] === 0) return undefined;
      if (unitIndex !== null && !request.station) return { unitIndex, taken: false };
      return commitTogether(taking, request);
    },
    findUnit: (jobId, thumbprint) => find(read, jobId, thumbprint),
    listUnits: (jobId, { from, limit }) =>
      all(
        read,
        rows.toUnit,
        `${selectUnit} WHERE u.job_id = $1 AND u.unit_index >= $2 ORDER BY u.unit_index LIMIT $3`,
        jobId,
        from,
        limit,
      ),
    findUnits: (filter, { from, limit }) => {
      const { where, values } = unitConditions(filter, (number) => `$${number}`);
      const [most, first] = [`$${values.length + 1}`, `$${values.length + 2}`];
      return all(
        read,
        rows.toUnitName,
        `SELECT u.job_id, u.unit_index FROM units u WHERE ${where}
         ORDER BY u.thumbprint, u.job_id LIMIT ${most} OFFSET ${first}`,
        ...values,
        limit,
        from,
      );
    },
    voidUnit: ({ jobId, unitIndex, reason, atMs }, event) =>
      commit(async ({ query, append }) => {
        const voided = await changed(query, voidOne, jobId, unitIndex, reason, atMs);
        if (voided) append(event);
        return voided;
      }),
    insertDevice: ({ thumbprint, certificate, firstSeenAtMs }, event) =>
      commit(async ({ query, append }) => {
        const sql = 'INSERT INTO devices VALUES ($1, $2, $3) ON CONFLICT (thumbprint) DO NOTHING';
        const isNew = await changed(query, sql, thumbprint, certificate, firstSeenAtMs);
        if (isNew) append(event);
        return isNew;
      }),
    findDevice: (thumbprint) =>
      one(
        read,
        rows.toDevice,
        'SELECT * FROM devices WHERE thumbprint = $1 AND certificate IS NOT NULL',
        thumbprint,
      ),
    listStationRequests: ({ jobId, first, last }) =>
      all(
        read,
        rows.toStationRequest,
        `SELECT * FROM station_requests WHERE job_id = $1 AND unit_index BETWEEN $2 AND $3
         ORDER BY unit_index, ordinal`,
        jobId,
        first,
        last,
      ),
  };
}
