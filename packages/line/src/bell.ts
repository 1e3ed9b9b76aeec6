// A wait that ends after a time or when somebody rings, whichever is first.

import type { Clock } from '@firmseal/link';

export class Bell {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Without a limit it waits for the bell alone. */
  wait(limitMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        cancel?.();
        resolve();
      };
      this.#waiting.add(wake);
      const cancel = limitMs === undefined ? undefined : this.#clock.after(limitMs, wake);
    });
  }
}
