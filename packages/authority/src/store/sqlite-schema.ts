// The SQLite schema and its migrations. `user_version` says how many of the migrations a file has
// seen; they run in one transaction and are append-only: a published one never changes. Ids are
// BLOBs, times integers (ms since 1970).

import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '@firmseal/fault';

/** "FSEA": tells a firmseal database from any other. */
const applicationId = 0x46534541;

/** Index i brings a file from version i to i + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE jobs (
    job_id BLOB PRIMARY KEY CHECK (length(job_id) = 16),
    product TEXT NOT NULL,
    quota INTEGER NOT NULL CHECK (quota BETWEEN 1 AND 2147483647),
    mode TEXT NOT NULL CHECK (mode IN ('session', 'standing')),
    -- Outcomes that the owner takes besides PASS, separated by spaces.
    accepts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'closed')),
    created_at_ms INTEGER NOT NULL,
    device_data_key BLOB
  ) STRICT;

  CREATE TABLE packages (
    job_id BLOB NOT NULL REFERENCES jobs,
    manifest_digest BLOB NOT NULL CHECK (length(manifest_digest) = 32),
    ordinal INTEGER NOT NULL,
    header BLOB NOT NULL,
    content_key_file BLOB NOT NULL,
    firmware_version TEXT NOT NULL,
    security_counter INTEGER NOT NULL,
    approved INTEGER NOT NULL CHECK (approved IN (0, 1)),
    PRIMARY KEY (job_id, manifest_digest),
    UNIQUE (job_id, ordinal)
  ) STRICT;

  CREATE TABLE device_data (
    job_id BLOB NOT NULL REFERENCES jobs,
    unit_index INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (job_id, unit_index)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE devices (
    thumbprint BLOB PRIMARY KEY CHECK (length(thumbprint) = 32),
    certificate BLOB NOT NULL,
    first_seen_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE units (
    job_id BLOB NOT NULL REFERENCES jobs,
    thumbprint BLOB NOT NULL REFERENCES devices DEFERRABLE INITIALLY DEFERRED,
    unit_index INTEGER NOT NULL CHECK (unit_index >= 0),
    taken_at_ms INTEGER NOT NULL,
    PRIMARY KEY (job_id, thumbprint),
    UNIQUE (job_id, unit_index)
  ) STRICT;

  CREATE TABLE licenses (
    ordinal INTEGER PRIMARY KEY,
    license_id BLOB NOT NULL UNIQUE CHECK (length(license_id) = 16),
    job_id BLOB NOT NULL,
    thumbprint BLOB NOT NULL,
    unit_index INTEGER NOT NULL,
    manifest_digest BLOB NOT NULL,
    nonce BLOB NOT NULL,
    request_id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('session', 'standing')),
    license_digest BLOB NOT NULL,
    bundle BLOB NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    UNIQUE (job_id, request_id),
    UNIQUE (job_id, thumbprint, manifest_digest, nonce),
    FOREIGN KEY (job_id, thumbprint) REFERENCES units,
    FOREIGN KEY (job_id, manifest_digest) REFERENCES packages
  ) STRICT;

  CREATE TABLE receipts (
    ordinal INTEGER PRIMARY KEY,
    receipt_digest BLOB NOT NULL UNIQUE CHECK (length(receipt_digest) = 32),
    license_id BLOB NOT NULL REFERENCES licenses (license_id),
    job_id BLOB NOT NULL REFERENCES jobs,
    receipt BLOB NOT NULL,
    challenge BLOB,
    fresh INTEGER NOT NULL CHECK (fresh IN (0, 1)),
    outcome TEXT NOT NULL,
    stored_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX receipts_by_job ON receipts (job_id);

  CREATE TABLE challenges (
    challenge BLOB PRIMARY KEY CHECK (length(challenge) = 32),
    job_id BLOB NOT NULL REFERENCES jobs,
    purpose TEXT NOT NULL CHECK (purpose IN ('hello', 'receipt')),
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX challenges_by_expiry ON challenges (expires_at_ms);

  CREATE TABLE tokens (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    token_id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('owner', 'line', 'auditor')),
    job_id BLOB REFERENCES jobs CHECK ((job_id IS NOT NULL) = (scope = 'line')),
    label TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;

  CREATE TABLE log (
    sequence INTEGER PRIMARY KEY CHECK (sequence >= 0),
    entry BLOB NOT NULL,
    salt BLOB NOT NULL,
    leaf BLOB NOT NULL,
    head BLOB NOT NULL
  ) STRICT;

  -- Against mistakes, not against whoever can drop a trigger: for him there is the audit.
  CREATE TRIGGER log_keep BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER log_still BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER units_keep BEFORE DELETE ON units BEGIN SELECT RAISE(ABORT, 'units are never given back'); END;
  CREATE TRIGGER units_still BEFORE UPDATE ON units BEGIN SELECT RAISE(ABORT, 'units never change'); END;
  CREATE TRIGGER licenses_keep BEFORE DELETE ON licenses BEGIN SELECT RAISE(ABORT, 'licenses are kept'); END;
  CREATE TRIGGER licenses_still BEFORE UPDATE ON licenses BEGIN SELECT RAISE(ABORT, 'licenses never change'); END;
  CREATE TRIGGER receipts_keep BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are kept'); END;
  CREATE TRIGGER receipts_still BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts never change'); END;
  CREATE TRIGGER jobs_quota_still BEFORE UPDATE OF quota, product, mode, accepts ON jobs
    BEGIN SELECT RAISE(ABORT, 'a job keeps its quota and what its owner takes'); END;
  `,
  `
  ALTER TABLE tokens ADD COLUMN expires_at_ms INTEGER;
  ALTER TABLE challenges ADD COLUMN log_size INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE licenses ADD COLUMN log_sequence INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX licenses_by_unit ON licenses (job_id, unit_index);
  CREATE INDEX receipts_by_license ON receipts (license_id);

  -- A unit that was voided and not taken again (lifted) does not count against the quota.
  CREATE TABLE voids (
    ordinal INTEGER PRIMARY KEY,
    job_id BLOB NOT NULL,
    unit_index INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    lifted_at_ms INTEGER,
    FOREIGN KEY (job_id, unit_index) REFERENCES units (job_id, unit_index)
  ) STRICT;
  CREATE UNIQUE INDEX voids_in_force ON voids (job_id, unit_index) WHERE lifted_at_ms IS NULL;

  CREATE TABLE alarms (
    alarm INTEGER PRIMARY KEY REFERENCES log (sequence) DEFERRABLE INITIALLY DEFERRED,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    job_id BLOB NOT NULL REFERENCES jobs,
    license_id BLOB NOT NULL,
    thumbprint BLOB NOT NULL,
    acknowledged_at_ms INTEGER,
    acknowledged_by TEXT,
    note TEXT,
    UNIQUE (reason, license_id, thumbprint)
  ) STRICT;

  -- One row: the highest tick of the clock, written along with whatever else is written, and by the probe of health.
  CREATE TABLE ticks (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL) STRICT;
  INSERT INTO ticks VALUES (1, 0);
  `,
  // Chips without agent: a job may license stations, and a unit may be held without a certificate. A
  // change of constraints that no row violates is made in the schema's own text
  // (sqlite.org/lang_altertable.html, section 7).
  `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql =
    replace(sql, 'mode IN (''session'', ''standing'')', 'mode IN (''session'', ''standing'', ''station'')')
    WHERE type = 'table' AND name IN ('jobs', 'licenses');
  UPDATE sqlite_schema SET sql = replace(sql, 'certificate BLOB NOT NULL', 'certificate BLOB')
    WHERE type = 'table' AND name = 'devices';
  UPDATE sqlite_schema SET sql =
    replace(sql, 'scope IN (''owner'', ''line'', ''auditor'')', 'scope IN (''owner'', ''line'', ''auditor'', ''site'')')
    WHERE type = 'table' AND name = 'tokens';
  PRAGMA writable_schema = RESET;

  CREATE TABLE station_requests (
    ordinal INTEGER PRIMARY KEY,
    request_digest BLOB NOT NULL UNIQUE CHECK (length(request_digest) = 32),
    job_id BLOB NOT NULL,
    unit_index INTEGER NOT NULL,
    request BLOB NOT NULL,
    delegation BLOB NOT NULL,
    admitted_at_ms INTEGER NOT NULL,
    FOREIGN KEY (job_id, unit_index) REFERENCES units (job_id, unit_index)
  ) STRICT;
  CREATE INDEX station_requests_by_unit ON station_requests (job_id, unit_index);

  CREATE TABLE outcomes (
    ordinal INTEGER PRIMARY KEY,
    outcome_digest BLOB NOT NULL UNIQUE CHECK (length(outcome_digest) = 32),
    job_id BLOB NOT NULL,
    unit_index INTEGER NOT NULL,
    statement BLOB NOT NULL,
    delegation BLOB NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('DONE-UNPROVEN', 'FAILED', 'UNKNOWN')),
    stored_at_ms INTEGER NOT NULL,
    FOREIGN KEY (job_id, unit_index) REFERENCES units (job_id, unit_index)
  ) STRICT;
  CREATE INDEX outcomes_by_unit ON outcomes (job_id, unit_index);

  CREATE TABLE identities (
    ordinal INTEGER PRIMARY KEY,
    record_digest BLOB NOT NULL UNIQUE CHECK (length(record_digest) = 32),
    product TEXT NOT NULL,
    thumbprint BLOB NOT NULL,
    record BLOB NOT NULL,
    stored_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TRIGGER identities_keep BEFORE DELETE ON identities BEGIN SELECT RAISE(ABORT, 'records are kept'); END;
  CREATE TRIGGER identities_still BEFORE UPDATE ON identities
    BEGIN SELECT RAISE(ABORT, 'records never change'); END;
  CREATE TRIGGER station_requests_keep BEFORE DELETE ON station_requests
    BEGIN SELECT RAISE(ABORT, 'requests are kept'); END;
  CREATE TRIGGER station_requests_still BEFORE UPDATE ON station_requests
    BEGIN SELECT RAISE(ABORT, 'requests never change'); END;
  CREATE TRIGGER outcomes_keep BEFORE DELETE ON outcomes BEGIN SELECT RAISE(ABORT, 'statements are kept'); END;
  CREATE TRIGGER outcomes_still BEFORE UPDATE ON outcomes BEGIN SELECT RAISE(ABORT, 'statements never change'); END;
  `,
  // Approvals, the end of a job, and tokens of approvers.
  `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = replace(sql, '''auditor'', ''site'')', '''auditor'', ''site'', ''approver'')')
    WHERE type = 'table' AND name = 'tokens';
  PRAGMA writable_schema = RESET;

  ALTER TABLE jobs ADD COLUMN valid_until_ms INTEGER;
  CREATE TRIGGER jobs_end_still BEFORE UPDATE OF valid_until_ms ON jobs
    BEGIN SELECT RAISE(ABORT, 'a job keeps its end'); END;

  CREATE TABLE approvals (
    ordinal INTEGER PRIMARY KEY,
    approval_digest BLOB NOT NULL UNIQUE CHECK (length(approval_digest) = 32),
    job_id BLOB NOT NULL REFERENCES jobs,
    approval BLOB NOT NULL,
    delegation BLOB NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    -- Set when an older database was put back.
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
  ) STRICT;
  CREATE INDEX approvals_by_job ON approvals (job_id);
  CREATE TRIGGER approvals_keep BEFORE DELETE ON approvals BEGIN SELECT RAISE(ABORT, 'approvals are kept'); END;
  CREATE TRIGGER approvals_still BEFORE UPDATE OF approval_digest, job_id, approval, delegation, stored_at_ms
    ON approvals BEGIN SELECT RAISE(ABORT, 'approvals never change'); END;

  CREATE TABLE job_ends (
    job_id BLOB PRIMARY KEY REFERENCES jobs,
    end_digest BLOB NOT NULL,
    certificate BLOB NOT NULL,
    delegation BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER job_ends_keep BEFORE DELETE ON job_ends BEGIN SELECT RAISE(ABORT, 'certificates are kept'); END;
  CREATE TRIGGER job_ends_still BEFORE UPDATE ON job_ends
    BEGIN SELECT RAISE(ABORT, 'certificates never change'); END;
  `,
  // The console: units and licenses of a chip in all jobs, and the newest board of each line.
  `
  CREATE INDEX units_by_device ON units (thumbprint, job_id);
  CREATE INDEX licenses_by_device ON licenses (thumbprint);
  CREATE TABLE boards (
    token_id TEXT PRIMARY KEY REFERENCES tokens (token_id),
    job_id BLOB NOT NULL REFERENCES jobs,
    at_ms INTEGER NOT NULL,
    board TEXT NOT NULL
  ) STRICT;
  `,
  // Requests under idempotency keys.
  `
  CREATE TABLE requests (
    key_hash BLOB PRIMARY KEY CHECK (length(key_hash) = 32),
    body_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    answer BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX requests_by_time ON requests (at_ms);
  `,
  // Updates in the field: jobs of mode update, and their public tokens.
  `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = replace(sql, '''station'')', '''station'', ''update'')')
    WHERE type = 'table' AND name = 'jobs';
  UPDATE sqlite_schema SET sql = replace(replace(sql, '''site'', ''approver'')', '''site'', ''approver'', ''update'')'),
      '(scope = ''line'')', '(scope IN (''line'', ''update''))')
    WHERE type = 'table' AND name = 'tokens';
  PRAGMA writable_schema = RESET;

  CREATE TABLE rollouts (
    job_id BLOB PRIMARY KEY REFERENCES jobs,
    percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    halted INTEGER NOT NULL CHECK (halted IN (0, 1)),
    halt_above_percent INTEGER NOT NULL,
    -- Separated by spaces.
    origins TEXT NOT NULL,
    counted_from_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE failures (
    receipt_digest BLOB PRIMARY KEY CHECK (length(receipt_digest) = 32),
    job_id BLOB NOT NULL,
    unit_index INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    FOREIGN KEY (job_id, unit_index) REFERENCES units (job_id, unit_index)
  ) STRICT;
  CREATE INDEX failures_by_unit ON failures (job_id, unit_index);
  `,
  // Devices, products and stations that get no license.
  `
  CREATE TABLE stops (
    ordinal INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('device', 'product', 'station')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (kind, name)
  ) STRICT;
  `,
  // Approvals of recoveries are of no job: their job id is zero bytes.
  `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = replace(sql, 'job_id BLOB NOT NULL REFERENCES jobs', 'job_id BLOB NOT NULL')
    WHERE type = 'table' AND name = 'approvals';
  PRAGMA writable_schema = RESET;
  `,
  // What a job asks of the ledger before a license leaves.
  `
  ALTER TABLE jobs ADD COLUMN ledger_policy BLOB;
  CREATE TRIGGER jobs_ledger_still BEFORE UPDATE OF ledger_policy ON jobs
    BEGIN SELECT RAISE(ABORT, 'a job keeps its ledger policy'); END;
  `,
  // When few units of a job are left (0: never), and whether that was logged.
  `
  ALTER TABLE jobs ADD COLUMN few_units INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN few_noted INTEGER NOT NULL DEFAULT 0;
  UPDATE jobs SET few_units = quota / 10;
  `,
  // Addresses that are called when something happened.
  `
  CREATE TABLE webhooks (
    ordinal INTEGER PRIMARY KEY,
    webhook_id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    -- Separated by spaces.
    events TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    next INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at_ms INTEGER NOT NULL DEFAULT 0,
    -- Until then one process calls it.
    claimed_until_ms INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    last_at_ms INTEGER,
    last_result TEXT
  ) STRICT;
  `,
  // Tokens of engineers.
  `
  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = replace(sql, '''approver'', ''update'')', '''approver'', ''update'', ''engineer'')')
    WHERE type = 'table' AND name = 'tokens';
  PRAGMA writable_schema = RESET;
  `,
  // Stations and sites that alone may take licenses of a job, separated by spaces, and tokens of stations.
  `
  ALTER TABLE jobs ADD COLUMN stations TEXT;
  ALTER TABLE tokens ADD COLUMN station TEXT;
  CREATE TRIGGER jobs_stations_still BEFORE UPDATE OF stations ON jobs
    BEGIN SELECT RAISE(ABORT, 'a job keeps its stations'); END;
  `,
];

const movedTrigger = 'moved_elsewhere';

/** What SQLite reports of a write to a database that another one replaced. */
export const movedText = 'another database took the place of this one';

/** Every write appends to the log, also of a process that has the file open. */
export function markMoved(database: DatabaseSync): void {
  database.exec(`CREATE TRIGGER ${movedTrigger} BEFORE INSERT ON log
    BEGIN SELECT RAISE(ABORT, '${movedText}'); END`);
}

/**
 * Brings a database to the newest schema. Throws `store-version-newer`, `store-not-ours`, `database-moved`.
 */
export function migrate(database: DatabaseSync): void {
  const single = (sql: string) => Number(Object.values(database.prepare(sql).get()!)[0]);
  // Newer versions of Node refuse changes of the schema's text unless this is switched off.
  (database as { enableDefensive?: (on: boolean) => void }).enableDefensive?.(false);
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = single('PRAGMA user_version');
    const application = single('PRAGMA application_id');
    const tables = single('SELECT count(*) FROM sqlite_schema');
    if (application !== applicationId && (application !== 0 || tables > 0)) throw new Fault('store-not-ours');
    if (version > migrations.length)
      throw new Fault('store-version-newer', { found: version, known: migrations.length });
    if (single(`SELECT count(*) FROM sqlite_schema WHERE name = '${movedTrigger}'`) > 0)
      throw new Fault('database-moved');
    for (const migration of migrations.slice(version)) database.exec(migration);
    if (version < migrations.length)
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (fault) {
    // A full disk has rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw fault;
  }
}
