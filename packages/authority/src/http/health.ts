// Whether the authority can do its work: the last write of the database, and that the signer answers, tried
// again when it is older than a few seconds. Anyone may ask, so asking more often costs nothing more.

import type { Authority } from '../service/authority.ts';

const goodForMs = 2000;

export class HealthProbe {
  readonly #authority: Authority;
  #last: Promise<void> | undefined;
  #atTick = 0;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  /** Rejects with the fault that a write or the signer meets. */
  check(): Promise<void> {
    const { clock, store, signer } = this.#authority;
    const tick = clock.tickMs();
    if (this.#last === undefined || tick - this.#atTick >= goodForMs) {
      this.#atTick = tick;
      this.#last = store.keepTick(tick).then(() => signer.ready());
      this.#last.catch(() => undefined); // each asker is told
    }
    return this.#last;
  }
}
