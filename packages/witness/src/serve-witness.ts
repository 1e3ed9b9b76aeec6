// A witness on HTTP: `POST /add-checkpoint` and nothing else. There is no secret in any request, so it
// listens where it is told to; a proxy in front of it may add TLS.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault, faultLabel, faultRow } from '@firmseal/fault';
import { witnessPath, witnessRequestSizeBytesAtMost, witnessSizeType } from '@firmseal/ledger';
import type { Witness } from './witness.ts';

export interface RunningWitness {
  readonly url: string;
  stop(): Promise<void>;
}

export interface WitnessEvent {
  readonly status: number;
  /** Code of a refusal. */
  readonly code: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly code?: string;
}

const requestTimeoutMs = 10_000;

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > witnessRequestSizeBytesAtMost)
      throw new Fault('witness-request-malformed', { problem: 'it is too long' });
    parts.push(part as Buffer);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new Fault('witness-request-malformed', { problem: 'it is no UTF-8' });
  }
}

/** The protocol gives the body of one refusal; any other says code and sentence for people. */
function refusal(thrown: unknown): Answer {
  if (!(thrown instanceof Fault)) return { status: 500, type: 'text/plain', body: 'internal error\n' };
  const { code, fields, message } = thrown;
  if (code === 'witness-size-wrong')
    return { status: 409, type: witnessSizeType, body: `${fields['seen']}\n`, code };
  const status = faultRow(code).http ?? 500;
  return {
    status,
    type: 'text/plain; charset=utf-8',
    body: `${faultLabel(code)} ${code}: ${message}\n`,
    code,
  };
}

async function answerTo(witness: Witness, request: IncomingMessage): Promise<Answer> {
  try {
    if (request.url !== witnessPath || request.method !== 'POST')
      return { status: 404, type: 'text/plain', body: `POST ${witnessPath} is all there is\n` };
    const body = await witness.addCheckpoint(await readBody(request));
    return { status: 200, type: 'text/plain; charset=utf-8', body };
  } catch (thrown) {
    return refusal(thrown);
  }
}

/** Serves until it is stopped. Throws `port-unavailable`. */
export async function serveWitness(
  witness: Witness,
  { host, port, onAnswer }: { host: string; port: number; onAnswer?: (event: WitnessEvent) => void },
): Promise<RunningWitness> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void answerTo(witness, request).then(({ status, type, body, code }) => {
      onAnswer?.({ status, code });
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
      response.end(body);
      // What is left of a request that was refused half way would be taken for the next one.
      if (!request.complete) request.destroy();
    });
  });
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = requestTimeoutMs;
  server.maxConnections = 256;
  const address = await listen(server, host, port);
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new Fault('port-unavailable', { port, reason: cause.code ?? 'unknown' }, { cause })),
    );
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo));
  });
}
