// The seam between protocol and transport: bytes out, bytes in, an end. UART, USB, TCP and an in-process pair
// each implement it; this package knows none of them. Boundaries between chunks mean nothing.

export interface ByteStreamListener {
  /** Bytes that arrived. The array is the listener's from now on. */
  data(bytes: Uint8Array): void;
  /**
   * The stream ended, by either side or by a fault of the transport; called at most once, nothing follows.
   */
  closed(cause?: unknown): void;
}

export interface ByteStream {
  /**
   * Records that may be sent ahead of their answers, of a transport that keeps the agent's window at the
   * chip. Left out: as many as the agent says.
   */
  readonly recordsAhead?: number;
  /**
   * Resolves when the transport took the bytes, in order; rejects when it cannot. The
   * caller leaves the array alone.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Sets the one listener. Bytes that came before are handed over first, an end that came before too. */
  listen(listener: ByteStreamListener): void;
  /** Ends the stream; bytes under way may be lost. Calling it again does nothing. */
  close(): Promise<void>;
}
