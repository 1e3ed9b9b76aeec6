// What stands before every route: size of the body, rate, token and scope, and after it the one
// place where faults become answers. Nothing of a request but its method, route, status and
// token id is told to the observer.

import { Fault } from '@firmseal/fault';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Authority } from '../service/authority.ts';
import { authenticate, requireScope } from '../service/tokens.ts';
import type { TokenRecord, TokenScope } from '../store/records.ts';
import { bodyOf, faultOf, statusOf } from './answers.ts';
import { jobPath, parseAs } from './bodies.ts';
import { RateLimiter, type RateLimits } from './rate-limit.ts';

export type Env = { Variables: { token: TokenRecord } };
export type Application = Hono<Env>;

/**
 * One answered request, for logs and metrics. Holds no path parameter but the route's pattern, and no secret.
 */
export interface RequestEvent {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly tokenId?: string;
  /** Set for faults; an `internal-error` has its cause. */
  readonly fault?: Fault;
}

export interface HttpOptions {
  readonly authority: Authority;
  readonly limits?: RateLimits;
  readonly onRequest?: (event: RequestEvent) => void;
}

const defaultLimits: RateLimits = { burst: 400, perSecond: 100 };

export const smallBodyBytes = 16_384;
/** A job's per-device data is the one large thing that is ever sent. */
export const jobBodyBytes = 16 * 1_048_576;

/** An application with its fault handling; routes are added by the caller. */
export function createApplication({ authority, limits = defaultLimits, onRequest }: HttpOptions): {
  application: Application;
  allow: (...scopes: TokenScope[]) => MiddlewareHandler<Env>;
} {
  const limiter = new RateLimiter(limits, authority.nowMs);
  const application = new Hono<Env>();

  application.use(async (context, next) => {
    const startMs = performance.now();
    await next();
    const tokenId = context.get('token')?.tokenId;
    const fault = context.error ? faultOf(context.error) : undefined;
    context.header('Cache-Control', 'no-store');
    onRequest?.({
      method: context.req.method,
      route: context.req.routePath,
      status: context.res.status,
      durationMs: performance.now() - startMs,
      ...(tokenId === undefined ? {} : { tokenId }),
      ...(fault ? { fault } : {}),
    });
  });
  const answer = (context: Context, thrown: unknown) => {
    const fault = faultOf(thrown);
    if (fault.code === 'rate-exceeded') context.header('Retry-After', String(limiter.retryAfterSeconds));
    if (fault.code === 'token-missing') context.header('WWW-Authenticate', 'Bearer');
    return context.json(bodyOf(fault), statusOf(fault));
  };
  application.onError((thrown, context) => answer(context, thrown));
  application.notFound((context) => answer(context, new Fault('route-unknown')));

  const allow =
    (...scopes: TokenScope[]): MiddlewareHandler<Env> =>
    async (context, next) => {
      const token = await authenticate(authority, context.req.header('Authorization')).catch((fault) => {
        limiter.take('refused'); // all refused tokens share one bucket
        throw fault;
      });
      limiter.take(token.tokenId);
      const job = context.req.param('job');
      requireScope(token, scopes, job === undefined ? undefined : parseAs(jobPath, job, 'job'));
      context.set('token', token);
      await next();
    };
  return { application, allow };
}

/** Refuses bodies above the size before they are read whole: `body-too-large`. */
export function limitBody(mostBytes: number): MiddlewareHandler<Env> {
  return bodyLimit({
    maxSize: mostBytes,
    onError: () => {
      throw new Fault('body-too-large', { mostBytes });
    },
  });
}

/** The JSON of a body. Throws `body-invalid`. */
export async function readJson(context: Context<Env>): Promise<unknown> {
  try {
    return await context.req.json();
  } catch (cause) {
    if (cause instanceof Fault) throw cause; // too large, found while reading
    throw new Fault('body-invalid', { field: 'body', problem: 'it is not JSON' }, { cause });
  }
}
