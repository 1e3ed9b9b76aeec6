// Keeps a connection to a broker and publishes in order, at least once each. While the broker is away
// messages wait, up to a number; then the oldest go.

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Bytes, concatBytes } from '@firmseal/bytes';
import {
  type BrokerAnswer,
  connectPacket,
  disconnectPacket,
  type Message,
  mostUnreadBytes,
  pingPacket,
  publishPacket,
  readAnswers,
} from './packet.ts';

export interface MqttOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; left out, the connection is plain. */
  readonly tls?: { readonly ca?: Bytes; readonly certificate?: Bytes; readonly key?: Bytes } | undefined;
  readonly clientId: string;
  readonly user?: string | undefined;
  readonly password?: Uint8Array | undefined;
  /** The broker publishes it when the connection breaks. */
  readonly will?: Message | undefined;
  /** Told why the broker cannot be reached, once, and undefined when it is again. */
  readonly onFault: (reason: string | undefined) => void;
  /** Messages that wait; default 10,000. */
  readonly mostWaiting?: number;
  /** Default 2,000: before the next connection. */
  readonly pauseMs?: number;
}

const keepAliveSeconds = 30;
const answerLimitMs = 10_000;
/** Messages on the way without an answer. */
const window = 32;

interface Sent {
  readonly message: Message;
  readonly id: number;
}

const refusals: Readonly<Record<number, string>> = {
  1: 'it refuses this version of MQTT',
  2: 'it refuses the client id',
  3: 'it is not available',
  4: 'it refuses user and password',
  5: 'it does not allow this client',
};

export class MqttPublisher {
  readonly #options: MqttOptions;
  #waiting: Message[] = [];
  #sent: Sent[] = [];
  #socket: Socket | undefined;
  #isConnected = false;
  #isClosing = false;
  #nextId = 1;
  #reason: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  /** Messages that were given up. */
  dropped = 0;

  constructor(options: MqttOptions) {
    this.#options = options;
    this.#connect();
  }

  publish(message: Message): void {
    this.#waiting.push(message);
    const { mostWaiting = 10_000 } = this.#options;
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift();
      this.dropped++;
    }
    this.#pump();
  }

  /** Waits until all has arrived, at most `limitMs`. */
  async close(limitMs = 3000): Promise<void> {
    const isIdle = () => this.#waiting.length === 0 && this.#sent.length === 0;
    if (!isIdle())
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#drained = () => {
          if (!isIdle()) return;
          clearTimeout(timer);
          resolve();
        };
      });
    this.#isClosing = true;
    clearTimeout(this.#timer);
    if (this.#isConnected) {
      this.#socket?.write(disconnectPacket());
      this.#socket?.destroySoon();
    } else this.#socket?.destroy();
  }

  /** As a process that ends without a word. */
  abort(): void {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    this.#socket?.resetAndDestroy();
  }

  #connect(): void {
    const { host, port, tls } = this.#options;
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({
            ...{ host, port },
            ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }),
            ...(tls.ca === undefined ? {} : { ca: Buffer.from(tls.ca) }),
            ...(tls.certificate === undefined ? {} : { cert: Buffer.from(tls.certificate) }),
            ...(tls.key === undefined ? {} : { key: Buffer.from(tls.key) }),
          });
    this.#socket = socket;
    let unread: Bytes = new Uint8Array(0);
    let reason = 'the connection ended';
    socket.setTimeout(answerLimitMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.write(connectPacket({ ...this.#options, keepAliveSeconds }));
    });
    socket.on('timeout', () => {
      // Twice without an answer: the first time it is asked.
      if (!this.#isConnected || socket.timeout !== (keepAliveSeconds * 1000) / 2) {
        reason = 'it does not answer';
        socket.destroy();
        return;
      }
      socket.write(pingPacket());
      socket.setTimeout(answerLimitMs);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on('data', (bytes) => {
      const read = readAnswers(concatBytes(unread, bytes));
      if (read === undefined) {
        reason = 'it does not speak MQTT 3.1.1';
        socket.destroy();
        return;
      }
      unread = concatBytes(unread, bytes).slice(read.taken);
      if (unread.length > mostUnreadBytes) socket.destroy();
      socket.setTimeout((keepAliveSeconds * 1000) / 2);
      for (const answer of read.answers) reason = this.#take(answer) ?? reason;
    });
    socket.once('close', () => this.#lost(reason));
  }

  /** Why the connection cannot be used. */
  #take(answer: BrokerAnswer): string | undefined {
    if (answer.kind === 'connack') {
      if (answer.code !== 0) {
        this.#socket?.destroy();
        return refusals[answer.code] ?? `it refuses the connection with ${answer.code}`;
      }
      this.#isConnected = true;
      this.#tell(undefined);
      for (const one of this.#sent) this.#socket?.write(publishPacket(one.message, one.id, true));
    }
    if (answer.kind === 'puback') this.#sent = this.#sent.filter(({ id }) => id !== answer.id);
    this.#pump();
    return undefined;
  }

  #pump(): void {
    while (this.#isConnected && this.#sent.length < window) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      const sent: Sent = { message, id: this.#nextId };
      this.#nextId = (this.#nextId % 0xffff) + 1;
      this.#sent.push(sent);
      this.#socket?.write(publishPacket(message, sent.id, false));
    }
    this.#drained?.();
  }

  #lost(reason: string): void {
    this.#isConnected = false;
    if (this.#isClosing) return;
    this.#tell(reason);
    this.#timer = setTimeout(() => this.#connect(), this.#options.pauseMs ?? 2000);
  }

  #tell(reason: string | undefined): void {
    if ((this.#reason === undefined) === (reason === undefined)) return;
    this.#reason = reason;
    this.#options.onFault(reason);
  }
}
