// The signer behind its socket: reads a request, lets the signer decide, answers. Whoever may open the socket
// may ask; nothing that he says is believed (issuing-signer.ts).

import { chmodSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { Fault } from '@firmseal/fault';
import { FrameWriter, readFrames } from './frames.ts';
import type { CheckpointAnswer, CheckpointRequest, IssuingSigner, SignerView } from './issuing-signer.ts';
import { KnownOrders } from './orders.ts';
import {
  type OperationName,
  plainFault,
  type RequestOf,
  readRequest,
  readRequestFrame,
  requestSizeBytesAtMost,
} from './signer-protocol.ts';

export interface ServedSigner extends Omit<IssuingSigner, 'kemPublicKey' | 'ready'> {
  describe(): Promise<SignerView>;
  signCheckpoint(request: CheckpointRequest): Promise<CheckpointAnswer>;
}

/** What was asked and what came of it, for the log: no name of a chip, no bytes. */
export interface SignerEvent {
  readonly operation: string;
  readonly durationMs: number;
  readonly fault?: Fault;
}

export interface RunningSigner {
  /** Requests under way end; new ones are not read. */
  stop(): Promise<void>;
}

const connectionsAtMost = 64;
/** Of one connection, beside each other. */
const underWayAtMost = 256;
/** Longest path of a socket that every system takes (unix(7): 108 bytes with its end). */
const pathBytesAtMost = 103;

/** A license for an order that came with this request, or came before. */
function issue(signer: ServedSigner, orders: KnownOrders, request: RequestOf<'issue'>): Promise<unknown> {
  const { order, ...rest } = request;
  return signer.issue({ ...orders.find(order), ...rest });
}

function perform(
  { signer, orders }: { signer: ServedSigner; orders: KnownOrders },
  operation: OperationName,
  request: unknown,
): Promise<unknown> {
  switch (operation) {
    case 'describe':
      return signer.describe();
    case 'checkContentKey':
      return signer.checkContentKey(readRequest(operation, request));
    case 'verifyChip':
      return signer.verifyChip(readRequest(operation, request));
    case 'rewrap':
      return signer.rewrap(readRequest(operation, request));
    case 'issue':
      return issue(signer, orders, readRequest(operation, request));
    case 'countUnit':
      return signer.countUnit(readRequest(operation, request));
    case 'voidUnit':
      return signer.voidUnit(readRequest(operation, request));
    case 'setStop':
      return signer.setStop(readRequest(operation, request));
    case 'liftStop':
      return signer.liftStop(readRequest(operation, request));
    case 'endJob':
      return signer.endJob(readRequest(operation, request));
    case 'signBatch':
      return signer.signBatch(readRequest(operation, request));
    case 'setSiteCap':
      return signer.setSiteCap(readRequest(operation, request));
    case 'listSites':
      return signer.listSites();
    case 'challengeForSite':
      return signer.challengeForSite(readRequest(operation, request));
    case 'certifyDevice':
      return signer.certifyDevice(readRequest(operation, request));
    case 'openWebhookSecret':
      return signer.openWebhookSecret(readRequest(operation, request));
    case 'signCheckpoint':
      return signer.signCheckpoint(readRequest(operation, request));
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  readonly #orders = new KnownOrders();
  readonly #signer: ServedSigner;
  readonly #onRequest: (event: SignerEvent) => void;
  readonly #underWay = new Set<Promise<void>>();

  constructor(socket: Socket, signer: ServedSigner, onRequest: (event: SignerEvent) => void) {
    this.#socket = socket;
    this.#writer = new FrameWriter(socket);
    this.#signer = signer;
    this.#onRequest = onRequest;
  }

  async run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#socket, requestSizeBytesAtMost)) {
        const { id, operation, request } = readRequestFrame(frame);
        const turn = this.#serve(id, operation, request).finally(() => this.#underWay.delete(turn));
        this.#underWay.add(turn);
        if (this.#underWay.size >= underWayAtMost) await Promise.race(this.#underWay);
      }
    } catch (fault) {
      if (fault instanceof Fault) this.#onRequest({ operation: 'none', durationMs: 0, fault });
      this.#socket.destroy();
    }
  }

  async #serve(id: number, operation: OperationName, request: unknown): Promise<void> {
    const startMs = performance.now();
    const end = (fault?: Fault) =>
      this.#onRequest({ operation, durationMs: performance.now() - startMs, ...(fault ? { fault } : {}) });
    try {
      const answer = await perform({ signer: this.#signer, orders: this.#orders }, operation, request);
      this.#writer.write({ id, answer: answer ?? null });
      end();
    } catch (thrown) {
      this.#writer.write({ id, fault: plainFault(thrown) });
      const detail = 'an unexpected failure of the signer';
      end(thrown instanceof Fault ? thrown : new Fault('internal-error', { detail }, { cause: thrown }));
    }
  }

  async end(): Promise<void> {
    this.#socket.pause();
    await Promise.all(this.#underWay);
    this.#writer.flush();
    this.#socket.end();
    this.#socket.destroySoon();
  }
}

const unusable = (path: string, reason: string, cause?: unknown) =>
  new Fault('signer-socket-unusable', { path, reason }, { cause });

/** A socket whose signer was killed is left behind; one that answers is in use. */
async function removeDead(path: string): Promise<void> {
  const code = await new Promise<string>((resolve) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      resolve('in use');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
  if (code === 'in use') throw unusable(path, 'another signer listens there');
  if (code === 'ECONNREFUSED') unlinkSync(path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(unusable(path, cause.code ?? 'unknown', cause)),
    );
    // Nobody but the user of this process may open it before its mode is set.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => resolve());
    } finally {
      process.umask(before);
    }
  });
}

/**
 * Listens on a socket of this machine at `path`; `mode` says who may open it, 0600 when it is left out.
 * Throws `signer-socket-unusable`.
 */
export async function serveSigner(options: {
  readonly path: string;
  readonly mode?: number;
  readonly signer: ServedSigner;
  readonly onRequest?: (event: SignerEvent) => void;
}): Promise<RunningSigner> {
  const { path, mode = 0o600, signer, onRequest = () => undefined } = options;
  if (Buffer.byteLength(path) > pathBytesAtMost) throw unusable(path, 'the path is too long');
  const isPipe = process.platform === 'win32';
  if (!isPipe) await removeDead(path);
  const connections = new Set<Connection>();
  const server = createServer((socket) => {
    const connection = new Connection(socket, signer, onRequest);
    connections.add(connection);
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(connection));
    void connection.run();
  });
  server.maxConnections = connectionsAtMost;
  await listen(server, path);
  if (!isPipe) chmodSync(path, mode);
  return {
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.end()));
      await closed;
    },
  };
}
