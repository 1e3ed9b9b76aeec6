// Serves chips of software over TCP on this machine only: each connection is one chip. What the chip is, the
// caller says; nothing here reads what crosses.

import { createServer, type Socket } from 'node:net';
import { Fault } from '@firmseal/fault';
import { TcpStream } from './tcp-stream.ts';

export interface LoopbackServerOptions {
  /** 0 lets the system choose. */
  readonly port?: number;
  /** Takes the stream of a new connection; a throw closes it. */
  readonly onConnection: (stream: TcpStream) => void | Promise<void>;
  /** More connections at a time are refused; default 64. */
  readonly mostConnections?: number;
}

export interface LoopbackServer {
  readonly port: number;
  /** Closes the port and every connection. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; throws `link-connect-failed` when the port is taken. */
export function serveLoopback(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const stream = new TcpStream(socket);
    Promise.resolve(stream)
      .then(options.onConnection)
      .catch(() => stream.close());
  });
  server.maxConnections = options.mostConnections ?? 64;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Fault('link-connect-failed', { address: `127.0.0.1:${options.port ?? 0}` }, { cause })),
    );
    server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
      resolve({ port: address.port, close });
    });
  });
}
