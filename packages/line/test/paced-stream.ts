// A byte stream that takes the time of a serial line in both directions, by the clock of the test.

import { type ByteStream, type ByteStreamListener, type Clock, sleep } from '@firmseal/link';

/** Start and stop bit with each byte. */
const bitsPerByte = 10;

export function paced(inner: ByteStream, clock: Clock, baud: number): ByteStream {
  const timeMs = (bytes: Uint8Array) => (1000 * bytes.length * bitsPerByte) / baud;
  let out: Promise<void> = Promise.resolve();
  let back: Promise<void> = Promise.resolve();
  return {
    write(bytes) {
      out = out.then(() => sleep(clock, timeMs(bytes))).then(() => inner.write(bytes));
      return out;
    },
    listen(listener: ByteStreamListener) {
      inner.listen({
        data: (bytes) => {
          back = back.then(() => sleep(clock, timeMs(bytes))).then(() => listener.data(bytes));
        },
        closed: () => listener.closed(),
      });
    },
    close: () => inner.close(),
  };
}
