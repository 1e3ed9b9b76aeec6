// A session with the bootloader: bytes that acknowledge, time-outs, and the ways back into step after
// noise. AN3155, sections 2 and 3. What a command sends and takes is commands/, one file each.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Clock, SerialLine } from '@firmseal/link';
import { ByteLine } from './byte-line.ts';

const [ack, nack, busy, syncByte] = [0x79, 0x1f, 0x76, 0x7f];

export interface SessionOptions {
  readonly stream: SerialLine;
  readonly clock: Clock;
  /**
   * Where the stream is a serial port: its rate, with even parity. The bootloader measures it. Default
   * 115,200.
   */
  readonly baud?: number;
  /** How long an answer may take that needs no flash operation; default 1,000. */
  readonly answerTimeoutMs?: number;
  /** How often a command is sent when the line spoils it, the first time included; default 3. */
  readonly attempts?: number;
}

/** How often 0x7F is sent: some parts need two, and one that is in step already answers the second. */
const syncAttempts = 6;
/** A command has at most 1,028 bytes (extended special command): so many fill up any command that was cut. */
const longestCommandBytes = 1100;
/**
 * Taken for a count, an address, a list or data from its start, bytes of 2 end in a wrong complement or
 * XOR, so that every command is refused. (0xFF would not do: as a count it makes 256 bytes of 0xFF whose
 * XOR is right, and writes them.)
 */
const fillByte = 0x02;
/** Start bit, 8 data bits, parity, stop bit. */
const bitsPerByte = 11;
/** Rounds of coming back into step: a line that holds bytes back for seconds needs the last. */
const resynchronizing = [
  { filling: 0, patienceMs: 160 },
  { filling: longestCommandBytes, patienceMs: 160 },
  { filling: longestCommandBytes, patienceMs: 1000 },
  { filling: 0, patienceMs: 4000 },
] as const;
/** Longer than the latency timer of any USB adapter (16 ms on FTDI's): a late byte arrives within it. */
const settleMs = 40;

const xorOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ byte, 0);

/** The bytes and their XOR, which closes most payloads. */
export const withXor = (bytes: Uint8Array): Bytes => concatBytes(bytes, Uint8Array.of(xorOf(bytes)));

export class Session {
  readonly #line: ByteLine;
  readonly #stream: SerialLine;
  readonly #baud: number;
  readonly #answerTimeoutMs: number;
  readonly #attempts: number;
  readonly #clock: Clock;

  constructor(options: SessionOptions) {
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#baud = options.baud ?? 115_200;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? 1000;
    this.#attempts = options.attempts ?? 3;
    this.#line = new ByteLine(options.stream, options.clock);
  }

  /**
   * Finds the bootloader: 0x7F, from which it measures the rate (section 2). Already in step it takes
   * 0x7F for a command, and refuses it after the second. Throws `bootloader-silent`.
   */
  async synchronize(): Promise<void> {
    await this.#stream.setLine?.({ baud: this.#baud, parity: 'even' });
    this.#line.drop();
    for (let attempt = 0; attempt < syncAttempts; attempt++) {
      await this.send('synchronisation', Uint8Array.of(syncByte));
      const answer = await this.#line.take(1, this.#answerTimeoutMs / 2);
      if (answer === undefined) continue;
      await this.#line.rest(settleMs);
      const followed = this.#line.drop();
      if (followed === 0 && (answer[0] === ack || answer[0] === nack)) return;
    }
    // A client that ended in the middle of a command left a bootloader that waits for the rest of it.
    await this.resynchronize().catch((cause: unknown) => {
      throw new Fault('bootloader-silent', { attempts: syncAttempts }, { cause });
    });
  }

  /**
   * Runs a command. What the line may have spoiled (silence, bytes that are no answer, a refusal) is run
   * again; the last failure is thrown. `redo` false: only a refusal is run again, since it says that
   * nothing was done. A refusal may come of a byte too many, so both sides are brought into step after it
   * too.
   */
  async attempt<T>(run: () => Promise<T>, { redo = true } = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.#line.drop();
      try {
        return await run();
      } catch (error) {
        const spoiled = isSpoiled(error);
        const again = attempt < this.#attempts && (isRefused(error) || (redo && spoiled));
        if (spoiled || again) await this.resynchronize();
        if (!again) throw error;
      }
    }
  }

  /**
   * Back to where the bootloader waits for a command, wherever it waits now: bytes that complete what it
   * waits for, then one at a time until it refuses one, which it does only at the end of a command.
   * Throws `bootloader-lost`.
   */
  async resynchronize(): Promise<void> {
    for (const { filling, patienceMs } of resynchronizing) {
      if (filling > 0) await this.send('resynchronisation', new Uint8Array(filling).fill(fillByte));
      await this.#line.rest(settleMs + (1000 * bitsPerByte * filling) / this.#baud);
      this.#line.drop();
      for (let attempt = 0; attempt < 4; attempt++) {
        await this.send('resynchronisation', Uint8Array.of(fillByte));
        const answer = await this.#line.take(1, patienceMs);
        if (answer?.[0] !== nack) continue;
        await this.#line.rest(settleMs);
        if (this.#line.drop() === 0) return;
      }
    }
    throw new Fault('bootloader-lost');
  }

  async send(command: string, bytes: Uint8Array): Promise<void> {
    if (!(await this.#line.write(bytes, this.#answerTimeoutMs)))
      throw new Fault('bootloader-timeout', { command, timeoutMs: this.#answerTimeoutMs });
  }

  /**
   * Throws `bootloader-answer-malformed` when something came that no answer was due for: an answer that
   * came twice.
   */
  #expectSilence(command: string): void {
    const unasked = this.#line.waitingBytes;
    if (unasked > 0) throw malformed(command, `${unasked} bytes came that were not asked for`);
  }

  /** Sends a command byte with its complement and waits for the acknowledgement. */
  async begin(command: string, code: number): Promise<void> {
    await this.step(command, Uint8Array.of(code, ~code));
  }

  /**
   * Sends a part of a command and waits for its acknowledgement; BUSY bytes only ask for patience, up to
   * the same deadline. Throws `bootloader-refused`, `bootloader-timeout`, `bootloader-answer-malformed`.
   */
  async step(command: string, bytes: Uint8Array, timeoutMs = this.#answerTimeoutMs): Promise<void> {
    this.#expectSilence(command);
    await this.send(command, bytes);
    await this.acknowledged(command, timeoutMs);
  }

  async acknowledged(command: string, timeoutMs = this.#answerTimeoutMs): Promise<void> {
    const endMs = this.#clock.nowMs() + timeoutMs;
    for (;;) {
      const bytes = await this.#line.take(1, Math.max(0, endMs - this.#clock.nowMs()));
      if (bytes === undefined) throw new Fault('bootloader-timeout', { command, timeoutMs });
      const [answer] = bytes;
      if (answer === ack) return;
      if (answer === nack) throw new Fault('bootloader-refused', { command });
      if (answer !== busy) throw malformed(command, `0x${answer!.toString(16)} is no acknowledgement`);
    }
  }

  /** Exactly `count` bytes of an answer. Throws `bootloader-timeout`. */
  async receive(command: string, count: number): Promise<Bytes> {
    const bytes = await this.#line.take(count, this.#answerTimeoutMs);
    if (bytes === undefined)
      throw new Fault('bootloader-timeout', { command, timeoutMs: this.#answerTimeoutMs });
    return bytes;
  }

  /**
   * Whether nothing followed an answer for a while: an answer with a byte too many was shifted by a
   * doubled one.
   */
  async ended(restMs: number): Promise<boolean> {
    if (this.#line.waitingBytes === 0 && restMs > 0) await this.#line.rest(restMs);
    return this.#line.waitingBytes === 0;
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}

export const malformed = (command: string, problem: string): Fault =>
  new Fault('bootloader-answer-malformed', { command, problem });

const isRefused = (error: unknown): boolean => error instanceof Fault && error.code === 'bootloader-refused';

/** Whether the failure may be the line's, so that bootloader and client are out of step. */
export const isSpoiled = (error: unknown): boolean =>
  error instanceof Fault &&
  (error.code === 'bootloader-timeout' || error.code === 'bootloader-answer-malformed');
