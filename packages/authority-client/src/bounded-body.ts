// Reads the body of an HTTP answer within limits: the other side chooses its length,
// we choose how much we keep.

import { Fault } from '@firmseal/fault';

/** The body in pieces of text. Rejects with a TypeError where it is not UTF-8. */
async function* readText(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield decoder.decode(value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    // Frees the connection when the rest is not wanted.
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * The whole body; undefined when it is longer than `mostLength` characters (the rest
 * is not fetched) or not UTF-8.
 */
export async function readBoundedBody(response: Response, mostLength: number): Promise<string | undefined> {
  let text = '';
  try {
    for await (const piece of readText(response)) {
      text += piece;
      if (text.length > mostLength) return undefined;
    }
  } catch (error) {
    if (isNotUtf8(error)) return undefined;
    throw error;
  }
  return text;
}

/**
 * The lines of a body, without their ends. Throws `authority-answer-malformed` for a line above the limit.
 */
export async function* readLines(response: Response, mostLineLength: number): AsyncGenerator<string> {
  const malformed = (problem: string, cause?: unknown) =>
    new Fault('authority-answer-malformed', { what: 'the export', field: 'line', problem }, { cause });
  let rest = '';
  try {
    for await (const piece of readText(response)) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      if (rest.length > mostLineLength) throw malformed('it is too long');
      for (const line of lines) {
        if (line.length > mostLineLength) throw malformed('it is too long');
        yield line;
      }
    }
  } catch (error) {
    throw isNotUtf8(error) ? malformed('it is not UTF-8', error) : error;
  }
  if (rest !== '') yield rest;
}

const isNotUtf8 = (error: unknown): boolean =>
  error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
