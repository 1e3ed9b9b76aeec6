// A TCP port a socket for testers, on this machine alone. Several testers may listen; each line that comes in
// is a command of packages/line/src/tester.ts.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Fault } from '@firmseal/fault';
import { systemReason } from '@firmseal/files';
import { type Line, type LineEvent, type LineFile, mostTesterBytes, TesterSession } from '@firmseal/line';

/** Connections of one port; a script that opens more has lost some. */
const mostConnections = 8;

export interface TesterPort {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export class TesterPorts {
  readonly ports: readonly TesterPort[];
  readonly #servers: readonly Server[];
  readonly #sessions: ReadonlyMap<Socket, TesterSession>;

  private constructor(opened: {
    ports: readonly TesterPort[];
    servers: readonly Server[];
    sessions: ReadonlyMap<Socket, TesterSession>;
  }) {
    this.ports = opened.ports;
    this.#servers = opened.servers;
    this.#sessions = opened.sessions;
  }

  /** Throws `line-port-unusable`; nothing stays open then. */
  static async open(file: LineFile, line: Line): Promise<TesterPorts> {
    const servers: Server[] = [];
    const ports: TesterPort[] = [];
    const sessions = new Map<Socket, TesterSession>();
    const host = file.testerHost;
    try {
      for (const { name, testerPort } of file.sockets) {
        if (testerPort === undefined) continue;
        const server = createServer((socket) => serve(socket, { name, line, sessions }));
        server.maxConnections = mostConnections;
        servers.push(server);
        await listen(server, { name, host, port: testerPort });
        ports.push({ name, host, port: (server.address() as AddressInfo).port });
      }
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    return new TesterPorts({ ports, servers, sessions });
  }

  take(event: LineEvent): void {
    for (const session of this.#sessions.values()) session.hear(event);
  }

  /** Testers hear what was sent before. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sessions.keys()) socket.destroySoon();
  }
}

async function listen(server: Server, { name, host, port }: TesterPort): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new Fault('line-port-unusable', { port, socket: name, reason: systemReason(cause) }, { cause });
  }
}

function serve(
  socket: Socket,
  { name, line, sessions }: { name: string; line: Line; sessions: Map<Socket, TesterSession> },
): void {
  const session = new TesterSession(name, line.socket(name)!, (text) => void socket.write(`${text}\r\n`));
  sessions.set(socket, session);
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sessions.delete(socket));
  let rest = '';
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (rest.length > mostTesterBytes) {
      socket.destroy();
      return;
    }
    for (const one of lines) {
      session.take(one);
      // No tester speaks like that: a web page of this machine, for one, begins with POST.
      if (!/^\s*(#|$)/.test(one)) socket.destroySoon();
      if (socket.destroyed || socket.writableEnded) return;
    }
  });
}
