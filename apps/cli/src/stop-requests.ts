// Requests to stop: Ctrl-C, SIGTERM, a terminal that closes. A command that has something to finish takes
// them; any other ends at once, which leaves nothing half-written, because a file is written without a pause.

export class StopRequests {
  readonly #takers = new Set<(signal: string) => void>();

  /** Until the returned function is called, the request is the command's to obey. */
  take(obey: (signal: string) => void): () => void {
    this.#takers.add(obey);
    return () => void this.#takers.delete(obey);
  }

  /** Whether a command would take a request now. */
  get isTaken(): boolean {
    return this.#takers.size > 0;
  }

  /** Whether a command took it. */
  raise(signal: string): boolean {
    const takers = [...this.#takers]; // one may give the request back while it obeys
    for (const obey of takers) obey(signal);
    return takers.length > 0;
  }

  /** Resolves at the first request. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      const giveBack = this.take(() => {
        giveBack();
        resolve();
      });
    });
  }
}
