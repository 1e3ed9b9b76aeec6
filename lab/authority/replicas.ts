// The replicas of a campaign: each a process that speaks HTTP and one that signs, both of which are killed
// and started again, and which of them a line may ask.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../kill/child.ts';

const startsAtMost = 10;
const endWithinMs = 20_000;

/** Again when the database was away for longer than a start waits, as a service manager does. */
async function begin<T>(program: string, args: readonly string[], note: (child: Child) => void): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const child = new Child(program, args);
    note(child);
    try {
      return await child.answer<T>();
    } catch (cause) {
      if (attempt === startsAtMost || !child.errors.includes('store-')) throw cause;
    }
  }
}

export class Replicas {
  readonly #args: readonly [place: string, seed: string];
  readonly #folder = mkdtempSync(join(tmpdir(), 'firmseal-sockets-'));
  readonly #running: (Child | undefined)[];
  readonly #urls: (string | undefined)[];
  readonly #signers: (Child | undefined)[];
  readonly #startingSigners = new Set<number>();
  kills = 0;
  signerKills = 0;

  private constructor(count: number, args: readonly [string, string]) {
    this.#args = args;
    this.#running = Array.from({ length: count });
    this.#urls = Array.from({ length: count });
    // One signer keeps an SQLite table; on PostgreSQL each replica has its own.
    this.#signers = Array.from({ length: args[0].startsWith('postgresql:') ? count : 1 });
  }

  /** `place`: of the database, as replica-process.ts takes it. */
  static async start(count: number, place: string, seed: string): Promise<Replicas> {
    const replicas = new Replicas(count, [place, seed]);
    await Promise.all(replicas.#signers.map((_, index) => replicas.#startSigner(index)));
    await Promise.all(Array.from({ length: count }, (_, index) => replicas.#start(index)));
    return replicas;
  }

  get count(): number {
    return this.#urls.length;
  }

  #socket(index: number): string {
    return join(this.#folder, `signer-${index % this.#signers.length}`);
  }

  async #start(index: number): Promise<void> {
    const args = [...this.#args, this.#socket(index)];
    const { url } = await begin<{ url: string }>('../authority/replica-process.ts', args, (child) => {
      this.#running[index] = child;
    });
    this.#urls[index] = url;
  }

  async #startSigner(index: number): Promise<void> {
    this.#startingSigners.add(index);
    await begin('../authority/signer-process.ts', [...this.#args, this.#socket(index)], (child) => {
      this.#signers[index] = child;
    });
    this.#startingSigners.delete(index);
  }

  /** The address of the replica, or of the next one that runs; undefined when no replica runs. */
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

  /** The same for the signer of a replica. */
  async killSigner(index: number): Promise<void> {
    const own = index % this.#signers.length;
    const child = this.#signers[own];
    if (child === undefined || this.#startingSigners.has(own)) return;
    this.#startingSigners.add(own);
    child.kill();
    await child.ended;
    this.signerKills++;
    await this.#startSigner(own);
  }

  async stop(): Promise<void> {
    for (const group of [this.#running, this.#signers]) {
      for (const child of group) child?.terminate();
      for (const child of group) {
        const { code } = await child!.endWithin(endWithinMs);
        if (code !== 0) throw new Error(`a replica did not stop: ${child!.errors}`);
      }
    }
    rmSync(this.#folder, { recursive: true });
  }
}
