// Where text goes: standard output or standard error. Either may be a file on a full disk or a
// pipe that nobody reads any more; the work of a command goes on all the same, and its end
// tells what could not be written.

import type { Writable } from 'node:stream';

/** What a command that draws on a terminal needs to know of it. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

type TerminalStream = Writable & Partial<TerminalSize> & { readonly isTTY?: boolean };

export class TextSink {
  readonly #stream: TerminalStream;
  #failure: NodeJS.ErrnoException | undefined;
  #pending = 0;
  #settled: (() => void) | undefined;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
    stream.on('error', (error) => this.#fail(error));
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** 80 x 24 where it is no terminal. */
  get size(): TerminalSize {
    const { columns = 80, rows = 24 } = this.#stream;
    return { columns, rows };
  }

  /**
   * Why a write failed, as the system names it; nothing is written after it. Readers
   * that left are no failure.
   */
  get failure(): string | undefined {
    if (this.#failure === undefined || this.#failure.code === 'EPIPE') return undefined;
    return this.#failure.code ?? 'unknown';
  }

  /** Calls back at each change of the terminal's size; returns how to stop that. */
  onResize(changed: () => void): () => void {
    this.#stream.on('resize', changed);
    return () => void this.#stream.off('resize', changed);
  }

  write(text: string): void {
    if (this.#failure !== undefined) return;
    this.#pending++;
    this.#stream.write(text, (error) => {
      if (error != null) this.#fail(error);
      this.#pending--;
      if (this.#pending === 0) this.#settled?.();
    });
  }

  /** Resolves when everything that was written has reached the file or the pipe, or has failed to. */
  async settle(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#settled = resolve));
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure ??= error;
  }
}
