// A line whose other side is a function: it sees every write and says what comes back, at once or later.

import type { ByteStreamListener, SerialLine } from '@firmseal/link';

export class ScriptedLine implements SerialLine {
  readonly #answer: (bytes: Uint8Array, line: ScriptedLine) => Uint8Array | undefined;
  #listener: ByteStreamListener | undefined;
  writes = 0;

  constructor(answer: (bytes: Uint8Array, line: ScriptedLine) => Uint8Array | undefined) {
    this.#answer = answer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    const answer = this.#answer(bytes, this);
    if (answer !== undefined && answer.length > 0) queueMicrotask(() => this.say(answer));
  }

  /** Bytes for the host, whenever. */
  say(bytes: Uint8Array): void {
    this.#listener?.data(bytes.slice());
  }

  /** The line goes away. */
  vanish(): void {
    this.#listener?.closed(new Error('unplugged'));
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    this.#listener?.closed();
  }
}
