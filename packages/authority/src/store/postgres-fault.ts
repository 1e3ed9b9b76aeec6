// What PostgreSQL and the connection to it report, as a fault with cause and remedy. SQLSTATE codes:
// PostgreSQL 15 documentation, appendix A. The server's own texts are left out: they quote values of rows,
// and the address of a database may hold a password.

import { Fault, type FaultCode } from '@firmseal/fault';

const codes: Readonly<Record<string, FaultCode>> = {
  '25006': 'store-read-only', // read_only_sql_transaction: a standby, or a database made read-only
  '42501': 'store-read-only', // insufficient_privilege
  '53100': 'store-full', // disk_full
  '53300': 'store-busy', // too_many_connections
  '55P03': 'store-busy', // lock_not_available: lock_timeout ran out
  '57014': 'store-busy', // query_canceled: statement_timeout ran out
  '40001': 'store-busy', // serialization_failure, again and again
  '40P01': 'store-busy', // deadlock_detected, again and again
  XX001: 'store-damaged', // data_corrupted
  XX002: 'store-damaged', // index_corrupted
};

/** Classes of codes that are no defect of this program. */
const classes: Readonly<Record<string, FaultCode>> = {
  '08': 'store-unreachable', // connection exception
  '28': 'store-failed', // invalid authorization
  '3D': 'store-failed', // no such database
  '3F': 'store-failed', // no such schema
  '53': 'store-failed', // insufficient resources
  '57': 'store-unreachable', // operator intervention: shut down, starting up
  '58': 'store-failed', // system error
  XX: 'store-failed', // internal error of the server
};

const sqlState = (cause: unknown): string | undefined => {
  const { code, severity } = (cause ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== undefined ? code : undefined;
};

/** Of the system, for example ECONNREFUSED; not ERR_..., Node's word for a mistake of a program. */
const systemCode = (cause: unknown): string | undefined => {
  const { code, syscall } = (cause ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && syscall !== undefined && /^E[A-Z0-9_]+$/.test(code) ? code : undefined;
};

/** Of a certificate that does not hold (nodejs.org/api/tls.html, X509 certificate error codes). */
const tlsCode = (cause: unknown): string | undefined => {
  const { code } = (cause ?? {}) as { code?: unknown };
  const ofTls = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;
  return typeof code === 'string' && ofTls.test(code) ? code : undefined;
};

/** The texts with which `pg` says that a connection is gone, or that none came free in time. */
const lostTexts = /^(?:Connection terminated|Client has encountered a connection error|Client was closed)/;
const noneFreeText = 'timeout exceeded when trying to connect';

/**
 * 57P01 admin_shutdown, 57P02 crash_shutdown, 57P03 cannot_connect_now, 25P03 idle in transaction too long;
 * and 0A000, 26000: a prepared statement does not fit a schema that another version migrated, or is gone.
 */
const lostStates = /^(?:08...|57P0[1-5]|25P0[34]|0A000|26000)$/;

/** The connection is gone or could not be made: the next attempt may find the database again. */
export function isConnectionLoss(cause: unknown): boolean {
  const state = sqlState(cause);
  if (state !== undefined) return lostStates.test(state);
  if (cause instanceof Fault || !(cause instanceof Error)) return false;
  return systemCode(cause) !== undefined || lostTexts.test(cause.message);
}

/** Another transaction came between, and this one left nothing behind: the same again may succeed. */
export const isConflict = (cause: unknown): boolean =>
  ['40001', '40P01', '23505'].includes(sqlState(cause) ?? '');

/** Too many connections, or none of the pool came free: pausing helps. */
export const isCrowded = (cause: unknown): boolean =>
  sqlState(cause) === '53300' || (cause instanceof Error && cause.message === noneFreeText);

/** Constraints and mistakes in statements are left as they are: they are defects of the program. */
export function faultOfPostgres(cause: unknown): unknown {
  if (cause instanceof Fault || !(cause instanceof Error)) return cause;
  const state = sqlState(cause);
  if (state !== undefined) {
    const code = codes[state] ?? classes[state.slice(0, 2)];
    return code === undefined ? cause : new Fault(code, { reason: `SQLSTATE ${state}` }, { cause });
  }
  if (isCrowded(cause)) return new Fault('store-busy', {}, { cause });
  const reason = systemCode(cause) ?? tlsCode(cause);
  if (reason !== undefined) return new Fault('store-unreachable', { reason }, { cause });
  if (lostTexts.test(cause.message))
    return new Fault('store-unreachable', { reason: 'the connection was cut' }, { cause });
  if (cause.message === 'The server does not support SSL connections')
    return new Fault('store-unreachable', { reason: 'the server speaks no TLS' }, { cause });
  return cause;
}
