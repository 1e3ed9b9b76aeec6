// OpenOCD's Tcl RPC: a command, then 0x1A; its result, then 0x1A (OpenOCD User's Guide, Tcl Scripting
// API). One command at a time. A result does not say whether the command failed, so each runs inside of
// `catch`.

import { concatBytes, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ByteStream, Clock } from '@firmseal/link';

const end = 0x1a;
/** The longest answer asked for: 4,096 words of memory as text are 45,056 characters. */
const mostAnswerBytes = 1024 * 1024;

export interface TclResult {
  readonly failed: boolean;
  /** The value of the command, after what it and OpenOCD printed meanwhile where that was asked for. */
  readonly text: string;
}

interface Waiting {
  readonly settle: (text: string) => void;
  readonly fail: (fault: Fault) => void;
}

export class TclRpc {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #waiting: Waiting | undefined;
  #ended: Fault | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    stream.listen({
      data: (bytes) => this.#take(bytes),
      closed: (cause) => this.#end(new Fault('openocd-closed', {}, { cause })),
    });
  }

  #take(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const at = bytes.indexOf(end);
    const part = at < 0 ? bytes : bytes.subarray(0, at);
    this.#arrived.push(part);
    this.#arrivedBytes += part.length;
    if (this.#arrivedBytes > mostAnswerBytes) {
      this.#end(new Fault('openocd-answer-malformed', { problem: 'the answer has no end' }));
      return;
    }
    if (at < 0) return;
    const text = new TextDecoder('latin1').decode(concatBytes(...this.#arrived.splice(0)));
    this.#arrivedBytes = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle(text);
    if (waiting === undefined || at + 1 < bytes.length)
      this.#end(new Fault('openocd-answer-malformed', { problem: 'an answer came that nobody asked for' }));
  }

  #end(fault: Fault): void {
    this.#ended ??= fault;
    this.#arrived = [];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.fail(fault);
    this.#stream.close().catch(() => undefined);
  }

  /** Sends a script and takes the text that comes back. Throws `openocd-timeout`, `openocd-closed`. */
  #exchange(script: string, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      // A result that is late would be taken for the next one's: the connection ends.
      const cancel = this.#clock.after(timeoutMs, () =>
        this.#end(new Fault('openocd-timeout', { timeoutMs })),
      );
      const done = (): void => cancel();
      this.#waiting = {
        settle: (text) => {
          done();
          resolve(text);
        },
        fail: (fault) => {
          done();
          reject(fault);
        },
      };
      this.#stream.write(concatBytes(utf8(script), Uint8Array.of(end))).catch((cause: unknown) => {
        this.#end(new Fault('openocd-closed', {}, { cause }));
      });
    });
  }

  /**
   * Runs a command. With `printed`, the text begins with what OpenOCD printed while it ran, which is
   * where reasons stand. Throws `openocd-timeout`, `openocd-closed`, `openocd-answer-malformed`.
   */
  run(
    command: string,
    { timeoutMs, printed = false }: { timeoutMs: number; printed?: boolean },
  ): Promise<TclResult> {
    const body = printed ? `capture {${command}}` : command;
    const script = `format "%d|%s" [catch {${body}} firmseal_result] $firmseal_result`;
    const answer = this.#last.then(() => this.#exchange(script, timeoutMs)).then(readResult);
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

/** `code "|" text`, where code 0 is success; OpenOCD's own failures are negative. */
function readResult(text: string): TclResult {
  const found = /^(-?\d{1,6})\|/.exec(text);
  if (found === null)
    throw new Fault('openocd-answer-malformed', { problem: 'it is not the result of the command' });
  return { failed: found[1] !== '0', text: text.slice(found[0].length) };
}
