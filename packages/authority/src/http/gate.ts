// What stands before every call: size of the body, rate, token and scope, and after it the one place where
// faults become answers. The observer is told method, route, status and token id of a request, and its fault.

import {
  type Call,
  decodeInput,
  encodeFault,
  type InputOf,
  type TokenScope,
} from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Authority } from '../service/authority.ts';
import { authenticate, requireScope } from '../service/tokens.ts';
import type { TokenRecord } from '../store/records.ts';
import { addressOf } from './address-of.ts';
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

/** A static file of the console. */
export interface ConsoleFile {
  /** `index.html`, or a name that changes with the content. */
  readonly name: string;
  readonly content: Bytes;
}

export interface HttpOptions {
  readonly authority: Authority;
  readonly limits?: RateLimits;
  /** Of each network address that uses a public token. */
  readonly publicLimits?: RateLimits;
  readonly onRequest?: (event: RequestEvent) => void;
  /** The files of the console, served at /console/; none when left out. */
  readonly console?: readonly ConsoleFile[] | undefined;
}

/** Witnesses that are away come back in minutes rather than milliseconds. */
const witnessRetrySeconds = 5;
/** A signer that was killed runs again within a second or two. */
const signerRetrySeconds = 2;

const defaultLimits: RateLimits = { burst: 400, perSecond: 100 };

/** The fault to answer with, for anything thrown. */
function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault('internal-error', { detail: 'an unexpected failure of the authority' }, { cause: thrown });
}

/** An application with its fault handling; routes are added by the caller. */
/** One address: a household, or a shop that updates devices one after the other. */
const defaultPublicLimits: RateLimits = { burst: 60, perSecond: 1 };

export function createApplication(options: HttpOptions): {
  application: Application;
  /** Counts one call of a public token, or a preflight, by its address. Throws `rate-exceeded`. */
  limitPublic: (name: string) => void;
  allow: (scopes: readonly TokenScope[]) => MiddlewareHandler<Env>;
} {
  const { authority, limits = defaultLimits, publicLimits = defaultPublicLimits, onRequest } = options;
  const limiter = new RateLimiter(limits, authority.clock.tickMs);
  const publicLimiter = new RateLimiter(publicLimits, authority.clock.tickMs);
  const application = new Hono<Env>();

  application.use(async (context, next) => {
    const startMs = performance.now();
    // Set before the answer is made: added afterwards, it costs a second answer, read through a stream.
    context.header('Cache-Control', 'no-store');
    await next();
    const tokenId = context.get('token')?.tokenId;
    const fault = context.error ? faultOf(context.error) : undefined;
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
    if (fault.code === 'witness-awaited') context.header('Retry-After', String(witnessRetrySeconds));
    if (fault.code === 'authority-signer-away') context.header('Retry-After', String(signerRetrySeconds));
    if (fault.code === 'token-missing') context.header('WWW-Authenticate', 'Bearer');
    const { status, body } = encodeFault(fault);
    return context.json(body, status as ContentfulStatusCode);
  };
  application.onError((thrown, context) => answer(context, thrown));
  application.notFound((context) => {
    context.error = new Fault('route-unknown');
    return answer(context, context.error);
  });

  const allow =
    (scopes: readonly TokenScope[]): MiddlewareHandler<Env> =>
    async (context, next) => {
      const token = await authenticate(authority, context.req.header('Authorization')).catch((fault) => {
        limiter.take('refused'); // all refused tokens share one bucket
        throw fault;
      });
      // Whoever has a public token cannot use it up for all others.
      if (token.scope === 'update') publicLimiter.take(addressOf(context));
      limiter.take(token.tokenId);
      requireScope(token, scopes, context.req.param('job'));
      context.set('token', token);
      await next();
    };
  return { application, allow, limitPublic: (name) => publicLimiter.take(name) };
}

/**
 * Refuses bodies above the size before they are read whole: `body-too-large`. node:http reads no more than
 * the length that a request states, so that length decides; a body without one is counted while it is read.
 */
export function limitBody(mostBytes: number): MiddlewareHandler<Env> {
  const refuse = () => {
    throw new Fault('body-too-large', { mostBytes });
  };
  const count = bodyLimit({ maxSize: mostBytes, onError: refuse });
  return async (context, next) => {
    const length = context.req.header('Content-Length');
    if (length === undefined || context.req.header('Transfer-Encoding') !== undefined)
      return count(context, next);
    if (Number(length) > mostBytes) refuse();
    return next();
  };
}

/** The input of a call: names of its path, and its query or its JSON body. Throws `body-invalid`. */
export async function readInput<C extends Call>(item: C, context: Context<Env>): Promise<InputOf<C>> {
  const inPath = context.req.param() as Record<string, string>;
  if (item.method === 'GET') return decodeInput(item, { inPath, fields: context.req.query() });
  const text = await context.req.text().catch((cause: unknown) => {
    throw new Fault('body-invalid', { field: 'body', problem: 'the connection broke off in it' }, { cause });
  });
  return decodeInput(item, { inPath, fields: text === '' ? {} : parseJson(text) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('body-invalid', { field: 'body', problem: 'it is not JSON' }, { cause });
  }
}
