// The replicas of a campaign: processes that are killed and started again, and which of them a line may ask.

import { Child } from '../kill/child.ts';

const startsAtMost = 10;

export class Replicas {
  readonly #args: readonly string[];
  readonly #running: (Child | undefined)[];
  readonly #urls: (string | undefined)[];
  kills = 0;

  private constructor(count: number, args: readonly string[]) {
    this.#args = args;
    this.#running = Array.from({ length: count });
    this.#urls = Array.from({ length: count });
  }

  /** `place`: of the database, as replica-process.ts takes it. */
  static async start(count: number, place: string, seed: string): Promise<Replicas> {
    const replicas = new Replicas(count, [place, seed]);
    await Promise.all(Array.from({ length: count }, (_, index) => replicas.#start(index)));
    return replicas;
  }

  get count(): number {
    return this.#urls.length;
  }

  /** Again when the database was away for longer than a start waits, as a service manager does. */
  async #start(index: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const child = new Child('../authority/replica-process.ts', this.#args);
      this.#running[index] = child;
      try {
        this.#urls[index] = (await child.answer<{ url: string }>()).url;
        return;
      } catch (cause) {
        if (attempt === startsAtMost || !child.errors.includes('store-')) throw cause;
      }
    }
  }

  /** The address of the replica, or of the next one that runs; undefined where none does. */
  urlNear(index: number): string | undefined {
    for (let step = 0; step < this.count; step++) {
      const url = this.#urls[(index + step) % this.count];
      if (url !== undefined) return url;
    }
    return undefined;
  }

  /** By SIGKILL, at whatever it is doing. Resolves when it serves again. */
  async kill(index: number): Promise<void> {
    const child = this.#running[index];
    if (child === undefined || this.#urls[index] === undefined) return;
    this.#urls[index] = undefined;
    child.kill();
    await child.ended;
    this.kills++;
    await this.#start(index);
  }

  async stop(): Promise<void> {
    for (const child of this.#running) child?.terminate();
    for (const child of this.#running) {
      const { code } = await child!.endWithin(20_000);
      if (code !== 0) throw new Error(`a replica did not stop: ${child!.errors}`);
    }
  }
}
