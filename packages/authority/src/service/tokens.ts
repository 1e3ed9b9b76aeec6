// Access tokens: 32 random bytes, shown once, kept as a SHA-256. A token has one scope; a line token has one
// job. The text begins with a mark of its scope, so that scanners for leaked secrets can know it.

import { publicTokenMark, type TokenScope, type TokenView } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { requireListedStation } from '@firmseal/station';
import type { TokenRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import type { Authority } from './authority.ts';
import { requireJob } from './jobs.ts';
import type { Draw } from './repeats.ts';

const marks = {
  owner: 'fso_',
  line: 'fsl_',
  auditor: 'fsa_',
  site: 'fss_',
  approver: 'fsp_',
  engineer: 'fse_',
  update: publicTokenMark,
} as const satisfies Record<TokenScope, string>;
const tokenSizeBytes = 32;
const dayMs = 86_400_000;
/** A line's token lies on a machine that nobody trusts; the others are kept by people. */
const lifeDaysOf = {
  owner: 365,
  line: 30,
  auditor: 365,
  site: 365,
  approver: 365,
  engineer: 365,
  update: 365,
} as const satisfies Record<TokenScope, number>;

export interface TokenRequest {
  readonly scope: TokenScope;
  /** Line tokens only, and always there. */
  readonly jobId?: Bytes;
  /** For people: which line or person has it. */
  readonly label: string;
  /** Of a line: at which station it is used. Of a site: its name, or that of a station of it. */
  readonly station?: string | undefined;
  /** Token id of who asks, or `local` for whoever runs the authority's own program. */
  readonly by: string;
  /** Left out: 30 for a line, 365 for others. */
  readonly lifeDays?: number | undefined;
  /** For the text of the token. */
  readonly draw?: Draw;
}

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const hashOf = (authority: Authority, token: string): Bytes => authority.crypto.sha256(utf8(token));

/**
 * Makes a token. `token` is secret and stands nowhere else: hand it on and forget it. Throws `job-unknown`,
 * `job-station-refused`, `body-invalid` for a person's token with a station.
 */
export async function createToken(
  authority: Authority,
  request: TokenRequest,
): Promise<{ tokenId: string; token: string; expiresAtMs: number }> {
  const { jobId, label, by } = request;
  const station = request.station === undefined ? {} : { station: request.station };
  if ((request.scope === 'line') !== (jobId !== undefined))
    throw new Fault('internal-error', { detail: 'a line token without a job, or another with one' });
  if (request.station !== undefined && request.scope !== 'line' && request.scope !== 'site')
    throw new Fault('body-invalid', { field: 'station', problem: 'only lines and sites have one' });
  const job = jobId && (await requireJob(authority, jobId));
  if (job) requireListedStation(job, request.station);
  // What devices in the field ask with is public.
  const scope = job?.mode === 'update' ? 'update' : request.scope;
  const { lifeDays = lifeDaysOf[scope] } = request;
  const { crypto, store } = authority;
  const secret = request.draw?.('token', tokenSizeBytes) ?? crypto.randomBytes(tokenSizeBytes);
  const token = marks[scope] + toBase64url(secret);
  const tokenHash = hashOf(authority, token);
  const tokenId = toHex(tokenHash.subarray(0, 8));
  // A repeat after a crash: the token was made then.
  const made = request.draw && (await store.findToken(tokenHash));
  if (made?.expiresAtMs !== undefined) return { tokenId, token, expiresAtMs: made.expiresAtMs };
  const now = authority.clock.nowMs();
  const expiresAtMs = now + lifeDays * dayMs;
  await store.insertToken(
    {
      tokenId,
      tokenHash,
      scope,
      label,
      createdAtMs: now,
      expiresAtMs,
      ...station,
      ...(jobId ? { jobId } : {}),
    },
    {
      timeMs: now,
      kind: 'token-created',
      fields: {
        ...{ token: tokenId, scope, label, by, expires: expiresAtMs },
        ...{ ...station, ...(jobId ? { job: jobId } : {}) },
      },
    },
  );
  return { tokenId, token, expiresAtMs };
}

/**
 * The token of an `Authorization` header. Throws `token-missing`, `token-refused` (neither says which
 * part was wrong), `token-expired`.
 */
export async function authenticate(authority: Authority, header: string | undefined): Promise<TokenRecord> {
  const token = /^Bearer ([A-Za-z0-9_-]{16,128})$/i.exec(header ?? '')?.[1];
  if (token === undefined) throw new Fault('token-missing');
  const hash = hashOf(authority, token);
  const record = await authority.store.findToken(hash);
  // The look-up is by hash, so its timing says nothing of the token; the comparison
  // does not rest on the look-up.
  if (!record || !equalBytes(record.tokenHash, hash) || record.revokedAtMs !== undefined)
    throw new Fault('token-refused');
  // By the wall clock: one that was years ahead for a moment must not end every token for years.
  const { expiresAtMs } = record;
  const now = authority.clock.nowMs();
  if (expiresAtMs !== undefined && now >= expiresAtMs)
    throw new Fault('token-expired', { expired: dayOf(expiresAtMs), clock: dayOf(now) });
  return record;
}

/**
 * Throws `token-scope-wrong` unless the token has one of the scopes and, when it is a line's, serves this job
 * (its id in hexadecimal; undefined where the call names none).
 */
export function requireScope(token: TokenRecord, scopes: readonly TokenScope[], job?: string): void {
  const otherJob = token.jobId !== undefined && job !== undefined && toHex(token.jobId) !== job;
  if (!scopes.includes(token.scope) || otherJob) throw new Fault('token-scope-wrong', { scope: token.scope });
}

/** From its commit on the token opens nothing. Throws `token-unknown` (revoked before, too). */
export async function revokeToken(authority: Authority, tokenId: string, by: string): Promise<void> {
  const now = authority.clock.nowMs();
  const fields = { token: tokenId, by };
  const done = await authority.store.revokeToken(tokenId, now, {
    timeMs: now,
    kind: 'token-revoked',
    fields,
  });
  if (!done) throw new Fault('token-unknown', { token: tokenId });
}

/** Newest first, without their texts, which nobody has but who was given them. */
export async function listTokens(authority: Authority, page: Page): Promise<TokenView[]> {
  const tokens = await authority.store.listTokens(page);
  return tokens.map(({ tokenHash: _, jobId, ...rest }) => ({ ...rest, ...(jobId ? { job: jobId } : {}) }));
}
