// What the sequences of option registers need of a debug probe: words of memory, time, and a way to wait
// for a bit.

import { hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type Clock, sleep } from '@firmseal/link';

export interface WordPort {
  readWord(address: number): Promise<number>;
  writeWord(address: number, value: number): Promise<void>;
}

export interface Waiting {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

const pollMs = 5;

/** Waits until all bits of the mask are 0. Throws `flash-controller-busy`. */
export async function untilClear(
  port: WordPort,
  { address, mask }: { address: number; mask: number },
  { clock, timeoutMs }: Waiting,
): Promise<number> {
  const endMs = clock.nowMs() + timeoutMs;
  for (;;) {
    const value = await port.readWord(address);
    if ((value & mask) === 0) return value;
    if (clock.nowMs() >= endMs)
      throw new Fault('flash-controller-busy', { register: hexAddress(address), timeoutMs });
    await sleep(clock, pollMs);
  }
}
