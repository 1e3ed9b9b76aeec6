// Units of a quota, the devices that hold them, and voids in SQLite.

import type { Bytes } from '@firmseal/bytes';
import type { UnitRecord } from './records.ts';
import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { Store } from './store.ts';
import type { UnitMethods } from './store-parts.ts';
import { unitConditions } from './unit-filter.ts';

type TakeRequest = Parameters<Store['takeUnit']>[0];

const selectUnit = `
  SELECT u.*, d.certificate, d.first_seen_at_ms, v.reason AS void_reason, v.at_ms AS voided_at_ms
  FROM units u JOIN devices d USING (thumbprint)
  LEFT JOIN voids v ON v.job_id = u.job_id AND v.unit_index = u.unit_index AND v.lifted_at_ms IS NULL`;

/**
 * A job that can give one more unit. Indexes are dense and rows are never deleted, so the number of units
 * ever taken is the next index; of these, the voided ones do not count.
 */
const withRoom = `
  FROM (SELECT job_id, quota, state,
          (SELECT coalesce(max(unit_index) + 1, 0) FROM units u WHERE u.job_id = jobs.job_id) AS next_index,
          (SELECT count(*) FROM voids v WHERE v.job_id = jobs.job_id AND v.lifted_at_ms IS NULL) AS voided
        FROM jobs WHERE job_id = ?)
  WHERE state = 'approved' AND next_index - voided < quota`;

export function unitMethods({ database, append }: SqliteContext): UnitMethods {
  const find = (jobId: Bytes, thumbprint: Bytes): UnitRecord | undefined =>
    database.one(rows.toUnit, `${selectUnit} WHERE u.job_id = ? AND u.thumbprint = ?`, jobId, thumbprint);
  const take = ({ jobId, thumbprint, certificate, atMs, event }: TakeRequest) => {
    // Should two transactions ever count the same number, UNIQUE (job_id, unit_index) lets only one end.
    const unitIndex = database.one(
      rows.toUnitIndex,
      `INSERT INTO units SELECT job_id, ?, next_index, ? ${withRoom}
       AND NOT EXISTS (SELECT 1 FROM units u WHERE u.job_id = ? AND u.thumbprint = ?) RETURNING unit_index`,
      ...[thumbprint, atMs, jobId, jobId, thumbprint],
    );
    const held = unitIndex === undefined ? find(jobId, thumbprint) : undefined;
    if (held && !held.voided) return { unitIndex: held.unitIndex, taken: false };
    if (held) {
      const lifted = database.changed(
        `UPDATE voids SET lifted_at_ms = ? WHERE job_id = ? AND unit_index = ? AND lifted_at_ms IS NULL
         AND EXISTS (SELECT 1 ${withRoom})`,
        atMs,
        jobId,
        held.unitIndex,
        jobId,
      );
      if (!lifted) return undefined;
      append(event(held.unitIndex, 'unit-retaken'));
      return { unitIndex: held.unitIndex, taken: true };
    }
    if (unitIndex === undefined) return undefined;
    database.run(
      'INSERT INTO devices VALUES (?, ?, ?) ON CONFLICT (thumbprint) DO NOTHING',
      thumbprint,
      certificate ?? null,
      atMs,
    );
    append(event(unitIndex, 'unit-taken'));
    return { unitIndex, taken: true };
  };
  const admit = ({ jobId, atMs, station }: TakeRequest, unitIndex: number): void => {
    const { requestDigest, request, delegation, event } = station!;
    const isNew = database.changed(
      `INSERT INTO station_requests (request_digest, job_id, unit_index, request, delegation, admitted_at_ms)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (request_digest) DO NOTHING`,
      requestDigest,
      jobId,
      unitIndex,
      request,
      delegation,
      atMs,
    );
    if (isNew) append(event(unitIndex));
  };
  return {
    takeUnit: (request) =>
      database.transaction(() => {
        const unit = take(request);
        if (unit && request.station) admit(request, unit.unitIndex);
        return unit;
      }),
    findUnit: async (jobId, thumbprint) => find(jobId, thumbprint),
    listUnits: async (jobId, { from, limit }) =>
      database.all(
        rows.toUnit,
        `${selectUnit} WHERE u.job_id = ? AND u.unit_index >= ? ORDER BY u.unit_index LIMIT ?`,
        jobId,
        from,
        limit,
      ),
    findUnits: async (filter, { from, limit }) => {
      const { where, values } = unitConditions(filter, () => '?');
      return database.all(
        rows.toUnitName,
        `SELECT u.job_id, u.unit_index FROM units u WHERE ${where}
         ORDER BY u.thumbprint, u.job_id LIMIT ? OFFSET ?`,
        ...values,
        limit,
        from,
      );
    },
    voidUnit: ({ jobId, unitIndex, reason, atMs }, event) =>
      database.transaction(() => {
        const voided = database.changed(
          `INSERT INTO voids (job_id, unit_index, reason, at_ms)
           SELECT job_id, unit_index, ?, ? FROM units
           WHERE job_id = ? AND unit_index = ? AND NOT EXISTS (
             SELECT 1 FROM licenses l JOIN receipts r USING (license_id)
             WHERE l.job_id = units.job_id AND l.unit_index = units.unit_index)
           AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.result = 'DONE-UNPROVEN'
             AND o.job_id = units.job_id AND o.unit_index = units.unit_index)
           ON CONFLICT (job_id, unit_index) WHERE lifted_at_ms IS NULL DO NOTHING`,
          reason,
          atMs,
          jobId,
          unitIndex,
        );
        if (voided) append(event);
        return voided;
      }),
    insertDevice: ({ thumbprint, certificate, firstSeenAtMs }, event) =>
      database.transaction(() => {
        const sql = 'INSERT INTO devices VALUES (?, ?, ?) ON CONFLICT (thumbprint) DO NOTHING';
        const isNew = database.changed(sql, thumbprint, certificate, firstSeenAtMs);
        if (isNew) append(event);
        return isNew;
      }),
    findDevice: async (thumbprint) =>
      database.one(
        rows.toDevice,
        'SELECT * FROM devices WHERE thumbprint = ? AND certificate IS NOT NULL',
        thumbprint,
      ),
    listStationRequests: async ({ jobId, first, last }) =>
      database.all(
        rows.toStationRequest,
        `SELECT * FROM station_requests WHERE job_id = ? AND unit_index BETWEEN ? AND ?
         ORDER BY unit_index, ordinal`,
        jobId,
        first,
        last,
      ),
  };
}
