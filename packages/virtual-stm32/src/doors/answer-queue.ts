// An IN endpoint of a probe: what it has to say, and the reads of a host that wait for it.

import type { UsbAnswer } from './usb-function.ts';

/** Answers that may wait for a host; a real probe has a few packets, and lets a host wait that sends more. */
const mostWaiting = 64;

/** Answers and reads meet in the order in which each came. */
export class AnswerQueue {
  readonly #answers: Uint8Array[] = [];
  readonly #reads: ((answer: UsbAnswer) => void)[] = [];

  /** False when the host has not fetched what waits. */
  push(answer: Uint8Array): boolean {
    const read = this.#reads.shift();
    if (read !== undefined) read(answer);
    else if (this.#answers.length >= mostWaiting) return false;
    else this.#answers.push(answer);
    return true;
  }

  /** A read that is cancelled takes no answer with it. */
  read(cancelled: AbortSignal): Promise<UsbAnswer> {
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => {
      this.#reads.push(resolve);
      cancelled.addEventListener('abort', () => {
        const index = this.#reads.indexOf(resolve);
        if (index >= 0) this.#reads.splice(index, 1);
        resolve(undefined);
      });
    });
  }
}
