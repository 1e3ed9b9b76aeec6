// Challenges, access tokens, identities, boards of lines, alarms, ticks and the log in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { AccessMethods } from './store-parts.ts';

export function accessMethods({ database, head, append }: SqliteContext): AccessMethods {
  return {
    insertChallenge: (item) =>
      database.transaction(() => {
        database.run('DELETE FROM challenges WHERE expires_at_ms < ?', item.createdAtMs);
        database.run('UPDATE ticks SET at_ms = max(at_ms, ?)', item.createdAtMs);
        database.run(
          'INSERT INTO challenges VALUES (?, ?, ?, ?, ?, ?)',
          item.challenge,
          item.jobId,
          item.purpose,
          item.createdAtMs,
          item.expiresAtMs,
          head().size,
        );
      }),
    findChallenge: async (key) =>
      database.one(
        rows.toChallenge,
        'SELECT * FROM challenges WHERE challenge = ? AND job_id = ? AND purpose = ? AND expires_at_ms >= ?',
        key.challenge,
        key.jobId,
        key.purpose,
        key.nowMs,
      ),
    insertToken: (token, event) =>
      database.transaction(() => {
        database.run(
          `INSERT INTO tokens (token_hash, token_id, scope, job_id, label, created_at_ms, expires_at_ms, station)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          token.tokenHash,
          token.tokenId,
          token.scope,
          token.jobId ?? null,
          token.label,
          token.createdAtMs,
          token.expiresAtMs ?? null,
          token.station ?? null,
        );
        append(event);
      }),
    findToken: async (tokenHash) =>
      database.one(rows.toToken, 'SELECT * FROM tokens WHERE token_hash = ?', tokenHash),
    listTokens: async ({ from, limit }) =>
      database.all(
        rows.toToken,
        'SELECT * FROM tokens ORDER BY created_at_ms DESC, rowid DESC LIMIT ? OFFSET ?',
        limit,
        from,
      ),
    revokeToken: (tokenId, atMs, event) =>
      database.transaction(() => {
        const sql = 'UPDATE tokens SET revoked_at_ms = ? WHERE token_id = ? AND revoked_at_ms IS NULL';
        const revoked = database.changed(sql, atMs, tokenId);
        if (revoked) append(event);
        return revoked;
      }),
    suspendAll: (atMs, event) =>
      database.transaction(() => {
        database.run('UPDATE tokens SET revoked_at_ms = ? WHERE revoked_at_ms IS NULL', atMs);
        database.run(`UPDATE jobs SET state = 'open' WHERE state = 'approved'`);
        database.run('UPDATE approvals SET ended = 1');
        append(event);
      }),
    insertIdentity: (item, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          `INSERT INTO identities (record_digest, product, thumbprint, record, stored_at_ms)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT (record_digest) DO NOTHING`,
          item.recordDigest,
          item.product,
          item.thumbprint,
          item.record,
          item.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listIdentities: async ({ from, limit }) =>
      database.all(
        rows.toIdentity,
        'SELECT * FROM identities ORDER BY ordinal DESC LIMIT ? OFFSET ?',
        limit,
        from,
      ),
    findIdentities: async (bytes, limit) =>
      database.all(
        rows.toIdentity,
        'SELECT * FROM identities WHERE instr(record, ?) > 0 ORDER BY ordinal DESC LIMIT ?',
        bytes,
        limit,
      ),
    keepBoard: ({ tokenId, jobId, atMs, board }, forgetBeforeMs) =>
      database.transaction(() => {
        database.run('DELETE FROM boards WHERE at_ms < ?', forgetBeforeMs);
        database.run(
          `INSERT INTO boards VALUES (?, ?, ?, ?) ON CONFLICT (token_id)
           DO UPDATE SET job_id = excluded.job_id, at_ms = excluded.at_ms, board = excluded.board`,
          tokenId,
          jobId,
          atMs,
          board,
        );
      }),
    listBoards: async ({ from, limit }) =>
      database.all(
        rows.toBoard,
        'SELECT * FROM boards ORDER BY at_ms DESC, token_id LIMIT ? OFFSET ?',
        limit,
        from,
      ),
    logEvent: (event) => database.transaction(() => void append(event)),
    insertAlarm: (item, event) =>
      database.transaction(() => {
        const known = database.one(
          rows.toAlarm,
          'SELECT * FROM alarms WHERE reason = ? AND license_id = ? AND thumbprint = ?',
          item.reason,
          item.licenseId,
          item.thumbprint,
        );
        if (known) return false;
        database.run(
          `INSERT INTO alarms (alarm, at_ms, reason, job_id, license_id, thumbprint) VALUES (?, ?, ?, ?, ?, ?)`,
          append(event),
          item.atMs,
          item.reason,
          item.jobId,
          item.licenseId,
          item.thumbprint,
        );
        return true;
      }),
    findAlarm: async (alarm) => database.one(rows.toAlarm, 'SELECT * FROM alarms WHERE alarm = ?', alarm),
    listAlarms: async ({ from, limit }) =>
      database.all(rows.toAlarm, 'SELECT * FROM alarms ORDER BY alarm DESC LIMIT ? OFFSET ?', limit, from),
    acknowledgeAlarm: (alarm, { atMs, by, note }, event) =>
      database.transaction(() => {
        const acknowledged = database.changed(
          `UPDATE alarms SET acknowledged_at_ms = ?, acknowledged_by = ?, note = ?
           WHERE alarm = ? AND acknowledged_at_ms IS NULL`,
          atMs,
          by,
          note,
          alarm,
        );
        if (acknowledged) append(event);
        return acknowledged;
      }),
    readLog: async (from, limit) =>
      database.all(
        rows.toLogRow,
        'SELECT * FROM log WHERE sequence >= ? ORDER BY sequence LIMIT ?',
        from,
        limit,
      ),
    logHead: async () => head(),
    findTick: async () => database.one(rows.toTick, 'SELECT at_ms FROM ticks')!,
    keepTick: (atMs) =>
      database.transaction(() => {
        database.run('UPDATE ticks SET at_ms = max(at_ms, ?)', atMs);
      }),
  };
}
