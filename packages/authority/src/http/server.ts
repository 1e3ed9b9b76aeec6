// The application behind node:http. Loopback only unless told otherwise: TLS is the
// business of the proxy in front.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '@firmseal/fault';
import { getRequestListener } from '@hono/node-server';
import { bodyOf, statusOf } from './answers.ts';
import type { HttpOptions } from './gate.ts';
import { createRoutes } from './routes.ts';

export interface ServeOptions extends HttpOptions {
  /** `127.0.0.1` when left out. Any but a loopback address needs `allowRemote`. */
  readonly host?: string;
  /** 0, when left out, lets the system choose. */
  readonly port?: number;
  /** For a private network, or a TLS proxy on another machine. */
  readonly allowRemote?: boolean;
}

export interface RunningAuthority {
  readonly url: string;
  readonly port: number;
  /**
   * Refuses new requests, lets those under way end for at most `graceMs` (5000), then cuts
   * them. The store stays open.
   */
  stop(graceMs?: number): Promise<void>;
}

const isLoopback = (host: string) =>
  host === '::1' || host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host);

const requestTimeoutMs = 30_000;
const connectionsAtMost = 2048;

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Starts to serve. Throws `host-not-loopback`, and what the system throws when the port is taken. */
export async function serveAuthority(options: ServeOptions): Promise<RunningAuthority> {
  const { host = '127.0.0.1', port = 0, allowRemote = false } = options;
  if (!allowRemote && !isLoopback(host)) throw new Fault('host-not-loopback', { host });
  const handle = getRequestListener(createRoutes(options).fetch);
  let stopping = false;
  const server = createServer((request, response) => {
    if (!stopping) {
      // A connection that is kept alive after its last answer would hold up the stop.
      response.once('close', () => {
        if (stopping) setImmediate(() => server.closeIdleConnections());
      });
      handle(request, response);
      return;
    }
    const fault = new Fault('authority-stopping');
    response.writeHead(statusOf(fault), { 'Content-Type': 'application/json', Connection: 'close' });
    response.end(JSON.stringify(bodyOf(fault)));
  });
  server.requestTimeout = requestTimeoutMs;
  server.maxConnections = connectionsAtMost;
  const address = await listen(server, host, port);
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${address.port}`,
    port: address.port,
    stop: (graceMs = 5000) => {
      stopping = true;
      return closeServer(server, graceMs);
    },
  };
}
