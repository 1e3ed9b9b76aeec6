// What the owner calls: jobs, their packages, approval and closing, and access tokens. A
// token's text is answered once.

import { toHex } from '@firmseal/bytes';
import type { Context, MiddlewareHandler } from 'hono';
import type { Authority } from '../service/authority.ts';
import {
  addPackage,
  approveJob,
  closeJob,
  type JobView,
  listJobs,
  openJob,
  showJob,
} from '../service/jobs.ts';
import { createToken, revokeToken } from '../service/tokens.ts';
import { jobBody, jobPath, jobTokenBody, packageBody, parseAs, tokenBody } from './bodies.ts';
import { type Application, type Env, jobBodyBytes, limitBody, readJson, smallBodyBytes } from './gate.ts';

const jobJson = (view: JobView) => ({
  job: toHex(view.jobId),
  product: view.product,
  mode: view.mode,
  accepts: view.accepts,
  state: view.state,
  quota: view.quota,
  remaining: view.remaining,
  units: view.counts.units,
  licenses: view.counts.licenses,
  receipts: view.counts.receipts,
  outcomes: view.counts.outcomes,
  createdAtMs: view.createdAtMs,
  packages: view.packages.map(({ manifestDigest, ...rest }) => ({
    manifestDigest: toHex(manifestDigest),
    ...rest,
  })),
});

const byOf = (context: Context<Env>) => context.get('token').tokenId;
const jobOf = (context: { req: { param: (name: 'job') => string } }) =>
  parseAs(jobPath, context.req.param('job'), 'job');

function addJobRoutes(app: Application, authority: Authority, allow: MiddlewareHandler<Env>): void {
  app.post('/v1/jobs', allow, limitBody(jobBodyBytes), async (context) => {
    const body = parseAs(jobBody, await readJson(context));
    return context.json(jobJson(await openJob(authority, { ...body, by: byOf(context) })), 201);
  });
  app.get('/v1/jobs', allow, async (context) =>
    context.json({ jobs: (await listJobs(authority)).map(jobJson) }),
  );
  app.get('/v1/jobs/:job', allow, async (context) =>
    context.json(jobJson(await showJob(authority, jobOf(context)))),
  );
  app.post('/v1/jobs/:job/packages', allow, limitBody(smallBodyBytes), async (context) => {
    const body = parseAs(packageBody, await readJson(context));
    const request = { ...body, jobId: jobOf(context), by: byOf(context) };
    return context.json(jobJson(await addPackage(authority, request)), 201);
  });
  app.post('/v1/jobs/:job/approve', allow, async (context) =>
    context.json(jobJson(await approveJob(authority, jobOf(context), byOf(context)))),
  );
  app.post('/v1/jobs/:job/close', allow, async (context) =>
    context.json(jobJson(await closeJob(authority, jobOf(context), byOf(context)))),
  );
}

function addTokenRoutes(app: Application, authority: Authority, allow: MiddlewareHandler<Env>): void {
  app.post('/v1/jobs/:job/tokens', allow, limitBody(smallBodyBytes), async (context) => {
    const { label } = parseAs(jobTokenBody, await readJson(context));
    const request = { scope: 'line', jobId: jobOf(context), label, by: byOf(context) } as const;
    return context.json(await createToken(authority, request), 201);
  });
  app.post('/v1/tokens', allow, limitBody(smallBodyBytes), async (context) => {
    const body = parseAs(tokenBody, await readJson(context));
    return context.json(await createToken(authority, { ...body, by: byOf(context) }), 201);
  });
  app.get('/v1/tokens', allow, async (context) => {
    const tokens = await authority.store.listTokens();
    return context.json({
      tokens: tokens.map(({ tokenHash: _, jobId, ...rest }) => ({
        ...rest,
        ...(jobId ? { job: toHex(jobId) } : {}),
      })),
    });
  });
  app.post('/v1/tokens/:token/revoke', allow, async (context) => {
    await revokeToken(authority, context.req.param('token').slice(0, 64), byOf(context));
    return context.json({ revoked: true });
  });
}

/**
 * POST /v1/jobs {header, contentKeyFile, quota, mode?, accepts?, deviceData?}; GET /v1/jobs;
 * GET /v1/jobs/{job}; POST /v1/jobs/{job}/packages {header, contentKeyFile}; POST /v1/jobs/{job}/approve;
 * POST /v1/jobs/{job}/close; POST /v1/jobs/{job}/tokens {label} -> {tokenId, token}; POST /v1/tokens
 * {scope, label} -> {tokenId, token}; GET /v1/tokens; POST /v1/tokens/{tokenId}/revoke
 */
export function addOwnerRoutes(app: Application, authority: Authority, allow: MiddlewareHandler<Env>): void {
  addJobRoutes(app, authority, allow);
  addTokenRoutes(app, authority, allow);
}
