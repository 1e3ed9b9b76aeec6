// A chip of software in this process as the station reaches it: a byte stream on its link. Messages from the
// host are counted and can be watched or dropped, which is all that somebody who sits on the line can do.

import type { ByteStream, ByteStreamListener } from '@firmseal/link';
import type { VirtualChip } from '@firmseal/virtual-stm32';

/** Somebody on the line: sees each message of the host by its number, from 0, and says whether it goes on. */
export interface LineWatcher {
  /** False drops the message and cuts the line: nothing after it arrives either. */
  readonly pass?: (message: number) => boolean;
  /** Resolves when the message may go on; called after `pass`. */
  readonly hold?: (message: number) => Promise<void> | undefined;
  /** After the chip has handled the message. */
  readonly handled?: (message: number) => void;
}

/** Powers the chip, holds its agent-request pin and gives the stream of its link. One stream at a time. */
export function openChipLink(chip: VirtualChip, watcher: LineWatcher = {}): ByteStream {
  let listener: ByteStreamListener | undefined;
  let early: Uint8Array[] = [];
  let closed = false;
  let isCut = false;
  let messages = 0;
  let line: Promise<void> = Promise.resolve();

  chip.onLink = (bytes) => {
    // The answer goes out after the host's write has returned, as on a real line.
    queueMicrotask(() => {
      if (closed) return;
      if (listener === undefined) early.push(bytes);
      else listener.data(bytes);
    });
  };
  chip.setPin('agent-request', true);
  if (!chip.powered) chip.powerOn();
  else chip.reset();

  return {
    async write(bytes) {
      if (closed) return;
      if (bytes.length === 1) {
        chip.receive(bytes); // the zero byte that clears the line is no message
        return;
      }
      const message = messages++;
      if (isCut || watcher.pass?.(message) === false) {
        // What was on its way before the cut arrives.
        isCut = true;
        line = line.then(() => {
          if (closed) return;
          closed = true;
          queueMicrotask(() => listener?.closed());
        });
        return;
      }
      // A line keeps its order: what follows a message that is held waits behind it.
      line = line
        .then(() => watcher.hold?.(message))
        .then(() => {
          if (closed) return;
          chip.receive(bytes);
          watcher.handled?.(message);
        });
      await line;
    },
    listen(given) {
      listener = given;
      const waiting = early;
      early = [];
      for (const bytes of waiting) given.data(bytes);
    },
    async close() {
      if (closed) return;
      closed = true;
      listener?.closed();
    },
  };
}
