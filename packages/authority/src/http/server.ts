// The application behind node:http, or node:https where it has a certificate. Without one, loopback only
// unless told otherwise: a TLS proxy stands in front then.

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { encodeFault } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { getRequestListener } from '@hono/node-server';
import type { HttpOptions } from './gate.ts';
import { boundIdleConnections } from './idle-connections.ts';
import { createRoutes } from './routes.ts';
import { secureContextOf, type TlsMaterial, tlsOptions } from './tls.ts';

export interface ServeOptions extends HttpOptions {
  /** `127.0.0.1` when left out. Any but a loopback address needs `tls` or `allowRemote`. */
  readonly host?: string;
  /** 0, when left out, lets the system choose. */
  readonly port?: number;
  /** For a private network, or a TLS proxy on another machine. */
  readonly allowRemote?: boolean;
  /** Checked by checkTls before. */
  readonly tls?: TlsMaterial | undefined;
}

export interface RunningAuthority {
  readonly url: string;
  readonly port: number;
  /** New connections get this certificate. Does nothing on a server that began without TLS. */
  renewTls(material: TlsMaterial): void;
  /**
   * Refuses new requests, lets those under way end for at most `graceMs` (5000), then cuts
   * them. The store stays open.
   */
  stop(graceMs?: number): Promise<void>;
}

const isLoopback = (host: string) =>
  host === '::1' || host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host);

/** Of a whole request, and of its head; looked at every few seconds. */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
const checkIntervalMs = 2_000;
/** Longer than clients keep a connection by themselves: it is they who close it. */
const keepAliveMs = 60_000;
const connectionsAtMost = 2048;
const idleConnectionsAtMost = 1024;
/** Connections that wait to be accepted: a gang of stations may begin all at once. */
const backlog = 4096;

function listen(server: Server | TlsServer, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? 'unknown';
      reject(new Fault('port-unavailable', { port, reason }, { cause }));
    });
    server.listen({ port, host, backlog }, () => resolve(server.address() as AddressInfo));
  });
}

function closeServer(server: Server | TlsServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Starts to serve. Throws `host-not-loopback`, `port-unavailable`. */
export async function serveAuthority(options: ServeOptions): Promise<RunningAuthority> {
  const { host = '127.0.0.1', port = 0, allowRemote = false, tls } = options;
  if (!allowRemote && tls === undefined && !isLoopback(host)) throw new Fault('host-not-loopback', { host });
  const handle = getRequestListener(createRoutes(options).fetch);
  let stopping = false;
  const listener: RequestListener = (request, response) => {
    if (!stopping) {
      // A connection that is kept alive after its last answer would hold up the stop.
      response.once('close', () => {
        if (stopping) setImmediate(() => server.closeIdleConnections());
      });
      handle(request, response);
      return;
    }
    const { status, body } = encodeFault(new Fault('authority-stopping'));
    response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
    response.end(JSON.stringify(body));
  };
  const common = { connectionsCheckingInterval: checkIntervalMs };
  const tlsServer: TlsServer | undefined =
    tls === undefined ? undefined : createTlsServer({ ...common, ...tlsOptions(tls) }, listener);
  const server: Server | TlsServer = tlsServer ?? createServer(common, listener);
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = headersTimeoutMs;
  server.keepAliveTimeout = keepAliveMs;
  boundIdleConnections(server, idleConnectionsAtMost);
  server.maxConnections = connectionsAtMost;
  const address = await listen(server, host, port);
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${address.port}`,
    port: address.port,
    renewTls: (material) => tlsServer?.setSecureContext(secureContextOf(material)),
    stop: (graceMs = 5000) => {
      stopping = true;
      return closeServer(server, graceMs);
    },
  };
}
