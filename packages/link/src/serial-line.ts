// A byte stream that is a serial port: what a protocol asks of the line beyond bytes. A stream without a line
// (TCP, a pair in process) lacks these methods, and a protocol that can do without them goes on.

import type { ByteStream } from './byte-stream.ts';

export interface LineSettings {
  readonly baud: number;
  /** The ROM bootloader of an STM32 wants even parity, the agent none. Always 8 data bits and 1 stop bit. */
  readonly parity: 'none' | 'even';
}

/** What a protocol may change on the line of a serial port. */
export interface SerialLine extends ByteStream {
  /** Resolves when the port runs with the settings; bytes written before are sent with the old ones. */
  setLine?(settings: LineSettings): Promise<void>;
  /**
   * Sets the modem lines; true is asserted, a low level at the pin. Boards that wire them to NRST
   * and BOOT0 differ. Rejects where the port has no such lines (a pseudo-terminal): a caller that
   * only hopes for them catches that.
   */
  setSignals?(signals: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void>;
}
