// The signer as the process that speaks HTTP asks it: over the socket, with many requests under way. A signer
// that was killed is started again by others; a request whose answer was lost is sent again, which changes
// nothing, and after a while the caller is told that the signer is away.

import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { FrameWriter, readFrames } from './frames.ts';
import type { IssueRequest, IssuingSigner } from './issuing-signer.ts';
import { SentOrders } from './orders.ts';
import type { ServedSigner } from './serve-signer.ts';
import {
  type AnswerOf,
  answerSizeBytesAtMost,
  faultOfPlain,
  type OperationName,
  readAnswer,
  readAnswerFrame,
} from './signer-protocol.ts';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

const pauseMs = 50;

const away = (reason: string, cause?: unknown) => new Fault('authority-signer-away', { reason }, { cause });
const isAway = (cause: unknown): cause is Fault =>
  cause instanceof Fault && cause.code === 'authority-signer-away';

/** One connection, until it ends. */
class Link {
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  readonly #orders = new SentOrders();
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  isOpen = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#writer = new FrameWriter(socket);
    socket.on('error', () => undefined);
    void this.#read();
  }

  async #read(): Promise<void> {
    let cause: unknown;
    try {
      for await (const frame of readFrames(this.#socket, answerSizeBytesAtMost)) {
        const answer = readAnswerFrame(frame);
        const waiting = this.#waiting.get(answer.id);
        this.#waiting.delete(answer.id);
        if ('fault' in answer) waiting?.reject(faultOfPlain(answer.fault));
        else waiting?.resolve(answer.answer);
      }
    } catch (error) {
      cause = error;
    }
    this.close(away('the connection ended', cause));
  }

  #named(operation: OperationName, request: unknown): unknown {
    if (operation !== 'issue') return request;
    const { unitIndex, ask, sealedData, station, ...order } = request as IssueRequest;
    return { order: this.#orders.name(order), unitIndex, ask, sealedData, station };
  }

  ask(operation: OperationName, request: unknown): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#writer.write({ id, operation, request: this.#named(operation, request) });
    });
  }

  close(fault: Fault): void {
    this.isOpen = false;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(fault);
    this.#waiting.clear();
  }
}

export interface RemoteSigner extends IssuingSigner, Pick<ServedSigner, 'describe' | 'signCheckpoint'> {
  close(): void;
}

class SignerClient {
  readonly #path: string;
  readonly #patienceMs: number;
  readonly #answerTimeoutMs: number;
  #link: Promise<Link> | undefined;
  #isClosed = false;

  constructor({ path, patienceMs = 2000, answerTimeoutMs = 20_000 }: RemoteSignerOptions) {
    this.#path = path;
    this.#patienceMs = patienceMs;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  #connect(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.#path);
      socket.once('connect', () => resolve(new Link(socket)));
      socket.once('error', (error: NodeJS.ErrnoException) => reject(away(error.code ?? 'unknown', error)));
    });
  }

  async #linked(): Promise<Link> {
    const present = this.#link;
    if (present !== undefined && (await present).isOpen) return present;
    // Whoever comes first connects, for all.
    if (this.#link === present) {
      const link = this.#connect();
      this.#link = link;
      link.catch(() => {
        if (this.#link === link) this.#link = undefined;
      });
    }
    return this.#link ?? this.#linked();
  }

  async #attempt(operation: OperationName, request: unknown): Promise<unknown> {
    if (this.#isClosed) throw away('this authority stops');
    const link = await this.#linked();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const fault = away('no answer in time');
        link.close(fault);
        reject(fault);
      }, this.#answerTimeoutMs);
    });
    try {
      return await Promise.race([link.ask(operation, request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws `authority-signer-away` when there is no answer for as long as the patience lasts. */
  async ask<N extends OperationName>(operation: N, request: unknown): Promise<AnswerOf<N>> {
    const deadlineMs = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return readAnswer(operation, await this.#attempt(operation, request));
      } catch (cause) {
        if (!isAway(cause) || this.#isClosed || performance.now() + pauseMs >= deadlineMs) throw cause;
        await sleep(pauseMs);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.then(
      (link) => link.close(away('this authority stops')),
      () => undefined,
    );
  }
}

export interface RemoteSignerOptions {
  /** Of the signer's socket. */
  readonly path: string;
  /** How long a request waits for a signer that comes back; 2000 when left out. */
  readonly patienceMs?: number;
  /** 20000 when left out. */
  readonly answerTimeoutMs?: number;
}

/** Connects when it is first asked, and again whenever it has to. */
export function createRemoteSigner(options: RemoteSignerOptions): RemoteSigner {
  const client = new SignerClient(options);
  return {
    describe: () => client.ask('describe', {}),
    kemPublicKey: async (): Promise<Bytes> => (await client.ask('describe', {})).kemPublicKey,
    ready: async () => void (await client.ask('describe', {})),
    checkContentKey: (request) => client.ask('checkContentKey', request),
    verifyChip: (request) => client.ask('verifyChip', request),
    rewrap: async (request) => (await client.ask('rewrap', request)) ?? undefined,
    issue: (request) => client.ask('issue', request),
    countUnit: (request) => client.ask('countUnit', request),
    voidUnit: (request) => client.ask('voidUnit', request),
    setStop: (stop) => client.ask('setStop', stop),
    liftStop: (key) => client.ask('liftStop', key),
    endJob: (request) => client.ask('endJob', request),
    signBatch: (request) => client.ask('signBatch', request),
    setSiteCap: (request) => client.ask('setSiteCap', request),
    listSites: () => client.ask('listSites', {}),
    challengeForSite: (request) => client.ask('challengeForSite', request),
    certifyDevice: (request) => client.ask('certifyDevice', request),
    openWebhookSecret: async (request) => (await client.ask('openWebhookSecret', request)) ?? undefined,
    signCheckpoint: (request) => client.ask('signCheckpoint', request),
    close: () => client.close(),
  };
}
