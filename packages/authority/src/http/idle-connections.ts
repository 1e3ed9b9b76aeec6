// Connections on which no request is under way. Anyone can open them without a token, so there is a bound:
// one more than that closes the one that has been idle longest. Whoever floods the server with idle
// connections loses his own, and a line that finds its idle connection closed opens another.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Keeps at most `most` idle connections open. */
export function boundIdleConnections(server: Server, most: number): void {
  /** In the order in which they became idle. */
  const idle = new Set<Socket>();
  const add = (socket: Socket) => {
    idle.add(socket);
    if (idle.size <= most) return;
    const [oldest] = idle;
    idle.delete(oldest!);
    oldest!.destroy();
  };
  server.on('connection', (socket: Socket) => {
    socket.once('close', () => idle.delete(socket));
    add(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) add(socket);
    });
  });
}
