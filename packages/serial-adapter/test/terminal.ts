// A pseudo-terminal with a byte stream as its far end: what the cable and the chip are in a test. Closing
// the far end is pulling the cable.

import type { ByteStream, ByteStreamListener } from '@firmseal/link';
import { openPseudoTerminal } from '@firmseal/virtual-stm32';

export interface Terminal {
  /** What a program opens. */
  readonly path: string;
  readonly far: ByteStream;
  /** Whether the far end takes bytes. */
  listen(isListening: boolean): void;
  /** The rate that the near side had when its last bytes came. */
  baud(): number | undefined;
}

export async function openTerminal(): Promise<Terminal> {
  let listener: ByteStreamListener | undefined;
  let waiting: Uint8Array[] = [];
  let baud: number | undefined;
  const door = {
    onSend: (_: Uint8Array): void => undefined,
    receive(bytes: Uint8Array, hostBaud?: number): void {
      baud = hostBaud;
      if (listener === undefined) waiting.push(bytes);
      else listener.data(bytes);
    },
  };
  const terminal = await openPseudoTerminal(door);
  let closing: Promise<void> | undefined;
  return {
    path: terminal.path,
    baud: () => baud,
    listen: terminal.listen,
    far: {
      write: async (bytes) => door.onSend(bytes.slice()),
      listen(one) {
        listener = one;
        for (const bytes of waiting) one.data(bytes);
        waiting = [];
      },
      close: () => {
        closing ??= terminal.close();
        return closing;
      },
    },
  };
}
