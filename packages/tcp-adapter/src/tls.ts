// TLS connections for lines, relays and stations: made to an address, or listened for. Whose certificates
// count is the caller's; no version before 1.2 (SP 800-52 Rev. 2 section 3.1).

import { isIP, type Socket } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { Fault } from '@firmseal/fault';
import { TcpStream } from './tcp-stream.ts';

const minVersion = 'TLSv1.2' as const;

/** PEM texts: the CAs that are trusted instead of the system's, and a certificate of one's own. */
export interface TlsClientFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface TlsAddress {
  readonly host: string;
  readonly port: number;
}

const reasonOf = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
};

/** Codes of node:net and DNS: the other side was not spoken to. */
const networkCodes: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EACCES'],
  ...['ECONNRESET', 'EPIPE', 'late'],
]);

/**
 * Connects and checks the certificate of the other side by name. Throws `station-unreachable`,
 * `station-tls-refused`.
 */
export function connectTls(
  { host, port }: TlsAddress,
  files: TlsClientFiles,
  timeoutMs = 15_000,
): Promise<TcpStream> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(timer);
      socket?.destroy();
      const reason = reasonOf(error);
      const code = networkCodes.has(reason) ? 'station-unreachable' : 'station-tls-refused';
      reject(new Fault(code, { address, reason }, { cause: error }));
    };
    const timer = setTimeout(() => fail({ code: 'late' }), timeoutMs);
    let socket: TLSSocket | undefined;
    try {
      const own = files.cert === undefined ? {} : { cert: files.cert, key: files.key };
      const trusted = files.ca === undefined ? {} : { ca: files.ca };
      const servername = isIP(host) === 0 ? { servername: host } : {};
      socket = connect({ host, port, minVersion, ...own, ...trusted, ...servername });
    } catch (error) {
      fail(error); // malformed PEM
      return;
    }
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(new TcpStream(socket));
    });
  });
}

/** PEM texts of a server; with `clientCa` it refuses clients without a certificate of that CA. */
export interface TlsServerFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

export interface TlsListener {
  readonly port: number;
  /** Takes new files for connections from now on. */
  renew(files: TlsServerFiles): void;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

const secure = ({ cert, key, clientCa }: TlsServerFiles) => ({
  ...{ cert, key, minVersion },
  ...(clientCa === undefined ? {} : { ca: clientCa }),
});

/** Connections that may stand at a time, TLS handshakes among them. */
const mostConnections = 1024;
const handshakeMs = 10_000;

/**
 * Gives each connection whose handshake succeeded. Throws `station-listen-failed` where the port cannot be
 * listened on.
 */
export function listenTls(
  { host, port }: TlsAddress,
  files: TlsServerFiles,
  onSocket: (socket: Socket) => void,
): Promise<TlsListener> {
  const sockets = new Set<Socket>();
  const asks = files.clientCa !== undefined;
  const server: Server = createServer(
    { ...secure(files), requestCert: asks, rejectUnauthorized: asks, handshakeTimeout: handshakeMs },
    (socket) => {
      socket.on('error', () => socket.destroy());
      onSocket(socket);
    },
  );
  server.maxConnections = mostConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) =>
      reject(new Fault('station-listen-failed', { address: `${host}:${port}`, reason: reasonOf(error) }));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      server.on('error', () => undefined); // a connection that could not be taken
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TLS server has a port');
      resolve({ port: address.port, renew: (renewed) => server.setSecureContext(secure(renewed)), close });
    });
  });
}
