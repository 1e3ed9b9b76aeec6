// Challenges, access tokens, identities, boards of lines, alarms, ticks and the log in PostgreSQL.
// Challenges, boards and ticks are not logged, so they wait for no lock of the log.

import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { AccessMethods } from './store-parts.ts';

/** Expired ones that another replica deletes at this moment are left to it. May be run twice. */
const insertChallenge = `
  WITH expired AS (
    DELETE FROM challenges WHERE challenge IN (
      SELECT challenge FROM challenges WHERE expires_at_ms < $4 LIMIT 1000 FOR UPDATE SKIP LOCKED))
  INSERT INTO challenges SELECT $1, $2, $3, $4, $5, size FROM log_head
  ON CONFLICT (challenge) DO NOTHING`;

/** One that another replica replaces at this moment is left to it. May be run twice. */
const keepBoard = `
  WITH old AS (DELETE FROM boards WHERE token_id IN (
    SELECT token_id FROM boards WHERE at_ms < $5 AND token_id <> $1 FOR UPDATE SKIP LOCKED))
  INSERT INTO boards VALUES ($1, $2, $3, $4) ON CONFLICT (token_id)
  DO UPDATE SET job_id = excluded.job_id, at_ms = excluded.at_ms, board = excluded.board`;

/**
 * A challenge outlives its tick in the table until a later one expires it, so together they never go back.
 */
const highestTick = `
  SELECT greatest(at_ms, (SELECT max(created_at_ms) FROM challenges)) AS at_ms FROM ticks`;

export function accessMethods({ read, commit }: PostgresContext): AccessMethods {
  return {
    insertChallenge: async ({ challenge, jobId, purpose, createdAtMs, expiresAtMs }) => {
      await read(insertChallenge, [challenge, jobId, purpose, createdAtMs, expiresAtMs]);
    },
    findChallenge: (key) =>
      one(
        read,
        rows.toChallenge,
        `SELECT * FROM challenges WHERE challenge = $1 AND job_id = $2 AND purpose = $3 AND expires_at_ms >= $4`,
        key.challenge,
        key.jobId,
        key.purpose,
        key.nowMs,
      ),
    insertToken: (token, event) =>
      commit(async ({ query, append }) => {
        await query(
          `INSERT INTO tokens (token_hash, token_id, scope, job_id, label, created_at_ms, expires_at_ms, station)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [
            ...[token.tokenHash, token.tokenId, token.scope, token.jobId ?? null, token.label],
            ...[token.createdAtMs, token.expiresAtMs ?? null, token.station ?? null],
          ],
        );
        append(event);
      }),
    findToken: (tokenHash) =>
      one(read, rows.toToken, 'SELECT * FROM tokens WHERE token_hash = $1', tokenHash),
    listTokens: ({ from, limit }) =>
      all(
        read,
        rows.toToken,
        'SELECT * FROM tokens ORDER BY created_at_ms DESC, ordinal DESC LIMIT $1 OFFSET $2',
        limit,
        from,
      ),
    revokeToken: (tokenId, atMs, event) =>
      commit(async ({ query, append }) => {
        const sql = 'UPDATE tokens SET revoked_at_ms = $1 WHERE token_id = $2 AND revoked_at_ms IS NULL';
        const revoked = await changed(query, sql, atMs, tokenId);
        if (revoked) append(event);
        return revoked;
      }),
    suspendAll: (atMs, event) =>
      commit(async ({ query, append }) => {
        await query('UPDATE tokens SET revoked_at_ms = $1 WHERE revoked_at_ms IS NULL', [atMs]);
        await query(`UPDATE jobs SET state = 'open' WHERE state = 'approved'`);
        await query('UPDATE approvals SET ended = 1');
        append(event);
      }),
    insertIdentity: (item, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          `INSERT INTO identities (record_digest, product, thumbprint, record, stored_at_ms)
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (record_digest) DO NOTHING`,
          item.recordDigest,
          item.product,
          item.thumbprint,
          item.record,
          item.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listIdentities: ({ from, limit }) =>
      all(
        read,
        rows.toIdentity,
        'SELECT * FROM identities ORDER BY ordinal DESC LIMIT $1 OFFSET $2',
        limit,
        from,
      ),
    findIdentities: (bytes, limit) =>
      all(
        read,
        rows.toIdentity,
        'SELECT * FROM identities WHERE position($1::bytea in record) > 0 ORDER BY ordinal DESC LIMIT $2',
        bytes,
        limit,
      ),
    keepBoard: async ({ tokenId, jobId, atMs, board }, forgetBeforeMs) => {
      await read(keepBoard, [tokenId, jobId, atMs, board, forgetBeforeMs]);
    },
    listBoards: ({ from, limit }) =>
      all(
        read,
        rows.toBoard,
        'SELECT * FROM boards ORDER BY at_ms DESC, token_id LIMIT $1 OFFSET $2',
        limit,
        from,
      ),
    logEvent: (event) =>
      commit(async ({ append }) => {
        append(event);
      }),
    insertAlarm: (item, event) =>
      commit(async ({ query, logSize, append }) => {
        const inserted = await changed(
          query,
          `INSERT INTO alarms (alarm, at_ms, reason, job_id, license_id, thumbprint)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (reason, license_id, thumbprint) DO NOTHING`,
          logSize(),
          item.atMs,
          item.reason,
          item.jobId,
          item.licenseId,
          item.thumbprint,
        );
        if (inserted) append(event);
        return inserted;
      }),
    findAlarm: (alarm) => one(read, rows.toAlarm, 'SELECT * FROM alarms WHERE alarm = $1', alarm),
    listAlarms: ({ from, limit }) =>
      all(read, rows.toAlarm, 'SELECT * FROM alarms ORDER BY alarm DESC LIMIT $1 OFFSET $2', limit, from),
    acknowledgeAlarm: (alarm, { atMs, by, note }, event) =>
      commit(async ({ query, append }) => {
        const acknowledged = await changed(
          query,
          `UPDATE alarms SET acknowledged_at_ms = $1, acknowledged_by = $2, note = $3
           WHERE alarm = $4 AND acknowledged_at_ms IS NULL`,
          atMs,
          by,
          note,
          alarm,
        );
        if (acknowledged) append(event);
        return acknowledged;
      }),
    readLog: (from, limit) =>
      all(
        read,
        rows.toLogRow,
        'SELECT * FROM log WHERE sequence >= $1 ORDER BY sequence LIMIT $2',
        from,
        limit,
      ),
    logHead: async () => rows.toLogHead((await read('SELECT size, head FROM log_head')).rows[0]),
    findTick: async () => (await one(read, rows.toTick, highestTick))!,
    keepTick: async (atMs) => {
      await read('UPDATE ticks SET at_ms = greatest(at_ms, $1)', [atMs]);
    },
  };
}
