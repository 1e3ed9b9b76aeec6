// The host's side of the link: sends requests, matches answers, repeats what got none, and
// gives up in bounded time and memory whatever the other side does. spec/link.md section 2.
// Windows of records are record-stream.ts.
//
// The line keeps order, so an answer to a request says that nothing sent before it will still be answered:
// those are taken off the list and their promise fulfils with undefined. Only a window of records meets that.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream } from './byte-stream.ts';
import type { Clock } from './clock.ts';
import {
  encodeFrame,
  type Frame,
  frameContentBytes,
  frameFirstContentBytes,
  frameLongestContentBytes,
} from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import {
  type Answer,
  answerBit,
  faultOfStatus,
  pendingType,
  type RequestName,
  readAnswer,
  readPending,
  requestTypes,
} from './message.ts';

export interface LinkClientOptions {
  readonly stream: ByteStream;
  readonly clock: Clock;
  /** Sequence of the first request, 0 to 255; default 0. */
  readonly firstSequence?: number;
  /** How long an answer, or a pending answer, may take; default 2,000. */
  readonly answerTimeoutMs?: number;
  /** How often a frame is sent before the link counts as dead, the first time included; default 5. */
  readonly attempts?: number;
  /** How long one request may take with all its pending answers; default 300,000. */
  readonly requestLimitMs?: number;
}

/** A request that is on the line, in the order of its last sending. */
interface OpenRequest {
  readonly name: RequestName;
  readonly sequence: number;
  readonly frame: Bytes;
  readonly settle: (answer: Answer | undefined) => void;
  readonly fail: (error: unknown) => void;
}

export interface LinkCounts {
  /** Frames that arrived damaged or too long. */
  readonly dropped: number;
  /** Frames sent again as they were. */
  readonly repeated: number;
}

const pendingMarginMs = 1000;

export class LinkClient {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #answerTimeoutMs: number;
  readonly #attempts: number;
  readonly #requestLimitMs: number;
  readonly #reader = new FrameReader();
  readonly #open: OpenRequest[] = [];
  #sequence: number;
  #longestContentBytes: number = frameFirstContentBytes;
  #cancelTimer: (() => void) | undefined;
  /** Time-outs since the last answer. */
  #silences = 0;
  #lastProgressMs = 0;
  #repeated = 0;
  #closed: Fault | undefined;

  constructor(options: LinkClientOptions) {
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#sequence = (options.firstSequence ?? 0) & 0xff;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? 2000;
    this.#attempts = options.attempts ?? 5;
    this.#requestLimitMs = options.requestLimitMs ?? 300_000;
    this.#stream.listen({
      data: (bytes) => {
        if (this.#closed === undefined) this.#reader.push(bytes, (frame) => this.#take(frame));
      },
      closed: (cause) => this.#end(new Fault('link-closed', {}, { cause })),
    });
    // A zero first: whatever the other side had collected before ends here.
    this.#write(Uint8Array.of(0));
  }

  get counts(): LinkCounts {
    return { dropped: this.#reader.dropped, repeated: this.#repeated };
  }

  get longestContentBytes(): number {
    return this.#longestContentBytes;
  }

  /** Takes over the agent's limit from its info, but never more than this program's own. */
  setLongestContentBytes(sizeBytes: number): void {
    this.#longestContentBytes = Math.min(sizeBytes, frameLongestContentBytes);
  }

  /**
   * Sends a request and resolves with the payload of its answer. Rejects with the agent's fault
   * (see isAgentFault), `link-timeout`, `link-closed`, `link-pending-endless`,
   * `link-frame-too-long` or `link-status-unknown`.
   */
  async request(name: RequestName, body: Uint8Array): Promise<Bytes> {
    if (this.#open.length > 0) throw new Fault('internal-error', { detail: 'a request is already open' });
    const answer = await this.exchange(name, body);
    if (answer === undefined) throw new Fault('internal-error', { detail: 'a request was passed over' });
    if (answer.status !== 0) throw faultOfStatus(name, answer);
    return answer.payload;
  }

  /**
   * Sends a request while others may be open (records only) and resolves with its answer, whatever its
   * status; with undefined when the answer to a later request came first. Rejects like `request`.
   */
  exchange(name: RequestName, body: Uint8Array): Promise<Answer | undefined> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const sizeBytes = frameContentBytes(body.length);
    const longestBytes = this.#longestContentBytes;
    if (sizeBytes > longestBytes)
      return Promise.reject(new Fault('link-frame-too-long', { sizeBytes, longestBytes }));
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xff;
    const frame = encodeFrame({ type: requestTypes[name], sequence, body });
    return new Promise((settle, fail) => {
      this.#open.push({ name, sequence, frame, settle, fail });
      if (this.#open.length === 1) this.#progress();
      this.#write(frame);
    });
  }

  /** Ends link and stream; an open request rejects with `link-closed`. */
  async close(): Promise<void> {
    this.#end(new Fault('link-closed'));
    await this.#stream.close();
  }

  #take(frame: Frame): void {
    // The frame has a good CRC, and that is all that is known: its sender may be hostile. What matches no
    // open request is ignored and moves no deadline.
    const at = this.#open.findIndex((request) => request.sequence === frame.sequence);
    const request = this.#open[at];
    if (request === undefined) return;
    if (frame.type === pendingType) {
      const estimateMs = readPending(frame.body);
      if (estimateMs !== undefined) this.#arm(2 * estimateMs + pendingMarginMs);
      return;
    }
    if (frame.type !== (requestTypes[request.name] | answerBit)) return;
    const answer = readAnswer(frame.body);
    const passedOver = this.#open.splice(0, at + 1).slice(0, at);
    this.#progress();
    for (const earlier of passedOver) earlier.settle(undefined);
    if (answer === undefined) request.fail(new Fault('link-answer-malformed', { what: request.name }));
    else request.settle(answer);
  }

  #progress(): void {
    this.#silences = 0;
    this.#lastProgressMs = this.#clock.nowMs();
    this.#arm(this.#answerTimeoutMs);
  }

  /** One timer for the line: it belongs to the oldest open request, and no request means no timer. */
  #arm(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#open.length === 0 || this.#closed !== undefined) return;
    const leftMs = Math.max(0, this.#lastProgressMs + this.#requestLimitMs - this.#clock.nowMs());
    this.#cancelTimer = this.#clock.after(Math.min(delayMs, leftMs), () => this.#silence());
  }

  #silence(): void {
    this.#cancelTimer = undefined;
    const oldest = this.#open.shift();
    if (oldest === undefined) return;
    this.#open.push(oldest);
    this.#silences++;
    const fault = this.#faultOfSilence(requestTypes[oldest.name]);
    if (fault !== undefined) {
      this.#end(fault);
      return;
    }
    this.#repeated++;
    this.#write(oldest.frame);
    this.#arm(this.#answerTimeoutMs);
  }

  #faultOfSilence(type: number): Fault | undefined {
    const limitMs = this.#requestLimitMs;
    if (this.#clock.nowMs() - this.#lastProgressMs >= limitMs)
      return new Fault('link-pending-endless', { type, limitMs });
    if (this.#silences < this.#attempts) return undefined;
    const { dropped } = this.#reader;
    return new Fault('link-timeout', {
      type,
      timeoutMs: this.#answerTimeoutMs,
      attempts: this.#silences,
      dropped,
    });
  }

  #write(bytes: Uint8Array): void {
    // Not awaited: the timer of the request covers a transport that takes nothing, and a
    // window bounds what waits.
    this.#stream.write(bytes).catch((cause) => this.#end(new Fault('link-closed', {}, { cause })));
  }

  #end(fault: Fault): void {
    if (this.#closed !== undefined) return;
    this.#closed = fault;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const request of this.#open.splice(0)) request.fail(fault);
  }
}
