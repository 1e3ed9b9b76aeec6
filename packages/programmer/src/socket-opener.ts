// How the engine reaches a chip. A socket is a port path ("1-4.2", "/dev/ttyUSB3", "tcp:127.0.0.1:4000"),
// never a serial number: the next chip in the same socket has another one.

import type { ByteStream } from '@firmseal/link';

export interface SocketOpener {
  /** Opens the byte stream of a socket; opening it again after a reset or a lost line is allowed. */
  open(socket: string): Promise<ByteStream>;
}
