// Calls of the owner and the auditor to the authority's HTTP API. What a line needs is
// in @firmseal/authority-client.

import { Fault, type FaultCode, faultCodeOf } from '@firmseal/fault';
import { readText } from './files.ts';

export interface AuthorityOptions {
  readonly authority: string;
  readonly tokenFile: string;
  readonly json?: boolean;
}

const timeoutMs = 30_000;
const connectAttempts = 25;
const connectPauseMs = 200;
const maxAnswerBytes = 64 * 1024 * 1024;

/** The fault that the authority answered with; what it says is shown, its own sentence is not trusted. */
function faultOf(status: number, body: unknown): Fault {
  const answer = (body ?? {}) as { number?: unknown; fields?: unknown };
  const code: FaultCode | undefined =
    typeof answer.number === 'number' ? faultCodeOf(answer.number) : undefined;
  if (code === undefined)
    return new Fault('authority-answer-malformed', { what: `answer with status ${status}` });
  const entries = Object.entries((answer.fields ?? {}) as Record<string, unknown>);
  const plain = entries.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return new Fault(code, Object.fromEntries(plain) as Record<string, string | number | boolean>);
}

async function readBounded(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes)
      throw new Fault('authority-answer-malformed', { what: 'answer, which is too long' });
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/**
 * The server may be starting, or restarting: connecting is tried again for a few
 * seconds. Nothing else is repeated.
 */
async function connectPatiently(url: URL, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, init);
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
      if (code !== 'ECONNREFUSED' || attempt === connectAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, connectPauseMs));
    }
  }
}

/**
 * One call; the answer's JSON. Throws the authority's own fault, `authority-unreachable`,
 * `authority-answer-malformed`.
 */
export async function callAuthority(
  { authority, tokenFile }: AuthorityOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${readText(tokenFile)}`, 'content-type': 'application/json' };
  const init = { method, headers, signal: AbortSignal.timeout(timeoutMs), redirect: 'error' as const };
  let response: Response;
  let answer: unknown;
  try {
    const url = new URL(path, authority);
    response = await connectPatiently(
      url,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    answer = await readBounded(response);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('authority-unreachable', { reason: 'no answer' }, { cause });
  }
  if (!response.ok) throw faultOf(response.status, answer);
  return answer as Record<string, unknown>;
}
