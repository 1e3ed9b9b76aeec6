// One call of the interface as data, and the only code that makes a request of an input, an input of a
// request, an answer of a result, and a result of an answer. Server and clients use it, so that they cannot
// drift apart. The table of calls is calls.ts; how bytes travel is the business of both ends.

import { Fault, type FaultCode } from '@firmseal/fault';
import * as z from 'zod/mini';

/**
 * `site`: a place that personalizes chips, and brings the records of their identities. `approver`: a person
 * whose key the root lets approve; the token shows him what he is asked for, and approves nothing by
 * itself. `update`: public, for devices in the field: it asks under one job of mode update, and every
 * license needs the proof of a device's key. `engineer`: a person who seals packages and drafts jobs of them,
 * which issue nothing before an owner approves.
 */
export const tokenScopes = ['owner', 'line', 'auditor', 'site', 'approver', 'update', 'engineer'] as const;
export type TokenScope = (typeof tokenScopes)[number];

/** The texts of `update` tokens begin with it, and no others do: such a token may be published. */
export const publicTokenMark = 'fsu_';

export interface Call<
  Input extends z.core.$ZodType = z.core.$ZodType,
  Answer extends z.core.$ZodType = z.core.$ZodType,
> {
  readonly method: 'GET' | 'POST';
  /** Names in braces are fields of the input: `/v1/jobs/{job}`. */
  readonly path: string;
  /**
   * Scopes whose tokens may call it; none: no token is asked for. A line's token opens its own job alone: the
   * path of every call that a line may make names the job, but for `whoAmI`.
   */
  readonly scopes: readonly TokenScope[];
  /** What it does, for spec/authority-http.md. */
  readonly about: string;
  /**
   * A closed object. Fields that the path does not name stand in the query (GET) or in the JSON body (POST).
   */
  readonly input: Input;
  readonly answer: Answer;
  /**
   * True when the same request again changes nothing more. Any other call takes an idempotency key, under
   * which a repeat gets the first answer.
   */
  readonly repeatable: boolean;
  readonly status: 200 | 201;
  readonly mostRequestBytes: number;
  readonly mostAnswerBytes: number;
}

export type InputOf<C extends Call> = z.output<C['input']>;
export type AnswerOf<C extends Call> = z.output<C['answer']>;

/**
 * Header of a call that makes something: drawn by the client for one request, and the same for its repeats.
 * At least 128 bits that nobody can guess: who has them, and the token, can ask for the answer again.
 */
export const idempotencyHeader = 'Idempotency-Key';
export const isIdempotencyKey = (text: string): boolean => /^[A-Za-z0-9_-]{22,64}$/.test(text);

const smallBodyBytes = 16_384;
const smallAnswerBytes = 65_536;

/** A call with the usual status and limits. */
export const call = <Input extends z.core.$ZodType, Answer extends z.core.$ZodType>(
  given: Pick<Call<Input, Answer>, 'method' | 'path' | 'scopes' | 'about' | 'input' | 'answer'> &
    Partial<Call<Input, Answer>>,
): Call<Input, Answer> => ({
  repeatable: true,
  status: 200,
  mostRequestBytes: smallBodyBytes,
  mostAnswerBytes: smallAnswerBytes,
  ...given,
});

const namesInPath = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** A request without its address and token. */
export interface EncodedRequest {
  readonly method: 'GET' | 'POST';
  /** Begins with a slash; holds the query. */
  readonly path: string;
  /** JSON; undefined for GET. */
  readonly body: string | undefined;
}

type Plain = Readonly<Record<string, unknown>>;

/** Throws `body-invalid` for an input that the interface does not have. */
export function encodeRequest<C extends Call>(item: C, input: InputOf<C>): EncodedRequest {
  const fields = checked(z.safeEncode(item.input, input as never), 'body-invalid', 'input') as Plain;
  const inPath = namesInPath(item.path);
  const path = item.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(fields[name])));
  const rest = Object.entries(fields).filter(
    ([name, value]) => !inPath.includes(name) && value !== undefined,
  );
  const { method } = item;
  if (method === 'POST') return { method, path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(rest.map(([name, value]): [string, string] => [name, String(value)]));
  return { method, path: rest.length === 0 ? path : `${path}?${query}`, body: undefined };
}

/**
 * The input of a request: the names of its path with their values, and the fields of its query or of its JSON
 * body. Throws `body-invalid`, which names the first field that is wrong and never repeats its value.
 */
export function decodeInput<C extends Call>(
  item: C,
  parts: { inPath: Readonly<Record<string, string>>; fields: unknown },
): InputOf<C> {
  const { inPath, fields } = parts;
  const plain = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  if (!plain) throw new Fault('body-invalid', { field: 'body', problem: 'a JSON object is due' });
  const twice = Object.keys(inPath).find((name) => Object.hasOwn(fields, name));
  if (twice !== undefined)
    throw new Fault('body-invalid', { field: twice, problem: 'it stands in the path already' });
  const all = { ...fields, ...inPath };
  return checked(z.safeDecode(item.input, all as never), 'body-invalid', 'body') as InputOf<C>;
}

/** The JSON value of an answer. */
export function encodeAnswer<C extends Call>(item: C, answer: AnswerOf<C>): unknown {
  return z.encode(item.answer, answer as never);
}

/**
 * The answer in a JSON value; fields that are not of the interface are left out. Throws
 * `authority-answer-malformed`.
 */
export function decodeAnswer<C extends Call>(item: C, value: unknown): AnswerOf<C> {
  const result = z.safeDecode(item.answer, value as never);
  return checked(result, 'authority-answer-malformed', item.path) as AnswerOf<C>;
}

function checked(result: z.core.util.SafeParseResult<unknown>, code: FaultCode, what: string): unknown {
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const field = path.length > 0 ? path.join('.') : what;
  throw new Fault(code, { what, field, problem: message });
}
