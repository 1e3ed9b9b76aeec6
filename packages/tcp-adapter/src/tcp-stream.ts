// The link's byte stream over a TCP connection (Node): one connection, one chip. Protocol and time-outs of
// requests are packages/link; this file only moves bytes.

import { connect as connectSocket, type Socket } from 'node:net';
import { Fault } from '@firmseal/fault';
import type { ByteStream, ByteStreamListener } from '@firmseal/link';

/** Bytes that wait for a listener; a peer that sends more before anyone listens is cut off. */
const mostWaitingBytes = 65_536;

export class TcpStream implements ByteStream {
  readonly #socket: Socket;
  #listener: ByteStreamListener | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #ended = false;
  #cause: unknown;

  /** Takes over a connected socket. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(new Uint8Array(bytes)));
    socket.on('error', (error) => {
      this.#cause = error;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#end());
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(new Fault('link-closed', {}, { cause: this.#cause }));
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) =>
        error ? reject(new Fault('link-closed', {}, { cause: error })) : resolve(),
      );
    });
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
    for (const bytes of this.#waiting.splice(0)) listener.data(bytes);
    if (this.#ended) listener.closed(this.#cause);
  }

  close(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }

  #take(bytes: Uint8Array): void {
    if (this.#listener !== undefined) {
      this.#listener.data(bytes);
      return;
    }
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaitingBytes) this.#socket.destroy();
    else this.#waiting.push(bytes);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener?.closed(this.#cause);
  }
}

/**
 * Connects to `host`, `port`; throws `link-connect-failed` when nobody answers within
 * `timeoutMs` (default 5,000).
 */
export function connectTcp(host: string, port: number, timeoutMs = 5000): Promise<TcpStream> {
  const address = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    const fail = (cause?: unknown) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Fault('link-connect-failed', { address }, { cause }));
    };
    const timer = setTimeout(fail, timeoutMs);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(new TcpStream(socket));
    });
  });
}
