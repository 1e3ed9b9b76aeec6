// A socket in front of a PostgreSQL server, at which a test cuts connections: all at once, or one just when
// its COMMIT passes, before the server gets it or after.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of the protocol, version 3: a simple query is `Q`, its length, its text and a zero byte. */
const commitQuery = Buffer.from('COMMIT\0');

export class CuttingProxy {
  /** Stands for the folder of the server's own socket. */
  readonly host = mkdtempSync(join(tmpdir(), 'firmseal-proxy-'));
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What happens to the next COMMIT. */
  next: 'cut-before-commit' | 'cut-after-commit' | undefined;
  cuts = 0;

  private constructor(targetFolder: string) {
    this.#server = createServer((client) => {
      const target = connect(join(targetFolder, '.s.PGSQL.5432'));
      for (const [socket, other] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
      target.on('data', (bytes) => client.write(bytes));
      client.on('data', (bytes) => this.#forward(bytes, client, target));
    });
  }

  static async start(targetFolder: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetFolder);
    proxy.#server.listen(join(proxy.host, '.s.PGSQL.5432'));
    await once(proxy.#server, 'listening');
    return proxy;
  }

  #forward(bytes: Buffer, client: Socket, target: Socket): void {
    const kind = bytes.includes(commitQuery) ? this.next : undefined;
    if (kind === undefined) {
      target.write(bytes);
      return;
    }
    this.next = undefined;
    this.cuts++;
    if (kind === 'cut-before-commit') client.destroy();
    else {
      // The server's answer is what says that it has committed.
      target.removeAllListeners('data');
      target.once('data', () => client.destroy());
      target.write(bytes);
    }
  }

  /** Cuts every connection at this moment. */
  cutAll(): void {
    this.cuts += this.#sockets.size / 2;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.host, { recursive: true, force: true });
  }
}
