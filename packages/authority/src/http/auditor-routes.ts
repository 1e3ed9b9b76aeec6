// What an auditor (or the owner) reads: the log, the evidence of a job, and the verdict of the authority's
// own audit. Who trusts nobody's verdict takes log and evidence and runs audit() himself.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { MiddlewareHandler } from 'hono';
import { audit } from '../audit/audit.ts';
import { collectEvidence, collectJobEvidence, evidenceToJson } from '../audit/evidence.ts';
import type { Authority } from '../service/authority.ts';
import { requireJob } from '../service/jobs.ts';
import { auditQuery, jobPath, logQuery, parseAs } from './bodies.ts';
import type { Application, Env } from './gate.ts';

/**
 * GET /v1/log?from&limit -> {size, head, rows}
 * GET /v1/jobs/{job}/evidence -> the job's rows, byte strings in hexadecimal
 * GET /v1/audit?knownSize&knownHead -> {ok, findings, jobs, head}
 */
export function addAuditorRoutes(
  app: Application,
  authority: Authority,
  allow: MiddlewareHandler<Env>,
): void {
  const { store, crypto, products } = authority;

  app.get('/v1/log', allow, async (context) => {
    const { from, limit } = parseAs(logQuery, context.req.query(), 'query');
    const rows = await store.readLog(from, limit);
    const { size, head } = await store.logHead();
    return context.json({ size, head: toHex(head), rows: evidenceToJson(rows) });
  });

  app.get('/v1/jobs/:job/evidence', allow, async (context) => {
    const job = await requireJob(authority, parseAs(jobPath, context.req.param('job'), 'job'));
    const evidence = await store.withSnapshot((reader) => collectJobEvidence(reader, job));
    return context.json(evidenceToJson(evidence));
  });

  app.get('/v1/audit', allow, async (context) => {
    const { knownSize, knownHead } = parseAs(auditQuery, context.req.query(), 'query');
    if ((knownSize === undefined) !== (knownHead === undefined))
      throw new Fault('body-invalid', { field: 'query', problem: 'knownSize and knownHead go together' });
    const known =
      knownSize !== undefined && knownHead !== undefined ? [{ size: knownSize, head: knownHead }] : [];
    const result = await audit(crypto, await collectEvidence(store), { products, known });
    return context.json({ ...result, head: { size: result.head.size, head: toHex(result.head.head) } });
  });
}
