// Pages of other origins that may ask with a public token (spec/rollout.md section 4): the headers of the
// Fetch standard, section 3.2, for the origins that a job names, and for no others.

import { idempotencyHeader } from '@firmseal/authority-contract';
import { fromHex } from '@firmseal/bytes';
import type { MiddlewareHandler } from 'hono';
import type { Authority } from '../service/authority.ts';
import { allowsOrigin } from '../service/rollouts.ts';
import type { Env } from './gate.ts';

const jobPattern = /^[0-9a-f]{32}$/;
/** Browsers ask again after so long. */
const preflightSeconds = '600';

/** For the calls of a public token. A preflight (OPTIONS) ends here; `limit` counts it. */
export function allowOrigins(
  authority: Authority,
  limit: (name: string) => void,
  nameOf: (context: Parameters<MiddlewareHandler<Env>>[0]) => string,
): MiddlewareHandler<Env> {
  return async (context, next) => {
    const origin = context.req.header('Origin');
    const job = context.req.param('job') ?? '';
    const isPreflight = context.req.method === 'OPTIONS';
    if (isPreflight) limit(nameOf(context));
    if (origin !== undefined && jobPattern.test(job)) {
      context.header('Vary', 'Origin');
      if (await allowsOrigin(authority, fromHex(job), origin)) {
        context.header('Access-Control-Allow-Origin', origin);
        if (isPreflight) {
          context.header('Access-Control-Allow-Methods', 'POST');
          context.header('Access-Control-Allow-Headers', `Authorization, Content-Type, ${idempotencyHeader}`);
          context.header('Access-Control-Max-Age', preflightSeconds);
        }
      }
    }
    if (isPreflight) return context.body(null, 204);
    await next();
    return undefined;
  };
}
