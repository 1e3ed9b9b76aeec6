// The UART of a virtual chip in its ROM bootloader, whose answers a mutator touches: also as a whole line
// that goes away.

import type { ByteStreamListener, SerialLine } from '@firmseal/link';
import { openChipUart } from '@firmseal/uart-bootloader/testing';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import type { Mutator } from './mutation.ts';

export function hostileUart(chip: VirtualChip, mutator: Mutator): SerialLine {
  const inner = openChipUart(chip);
  let gone = false;
  const listen = (listener: ByteStreamListener): void =>
    inner.listen({
      closed: (cause) => listener.closed(cause),
      data: (bytes) => {
        if (gone) return;
        const answer = mutator.mutate(bytes);
        if (answer.malformed && mutator.random() < 0.002) {
          gone = true;
          listener.closed(new Error('unplugged'));
        } else if (answer.bytes !== undefined) listener.data(answer.bytes);
      },
    });
  return {
    listen,
    write: (bytes) => inner.write(bytes),
    close: () => inner.close(),
    ...(inner.setLine && { setLine: (settings) => inner.setLine!(settings) }),
  };
}
