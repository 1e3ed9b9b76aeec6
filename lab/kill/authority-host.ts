// Keeps the authority running, as a service manager does: whenever it was killed, the same command starts it
// again, on the port that was chosen once. Counts the kills and says when one that was due did not happen.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Child } from './child.ts';
import type { Arm } from './kill-point.ts';

const leastPort = 20_000;
const portCount = 10_000;
const graceMs = 5000;

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A port below those that the system gives to clients: none of them can take it while the authority is down.
 */
async function freePort(): Promise<number> {
  for (let i = 0; i < 100; i++) {
    const port = leastPort + randomInt(portCount);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

export class AuthorityHost {
  readonly #args: readonly string[];
  readonly port: number;
  #child!: Child;
  #arms: Arm[] = [];
  #onKill: ((arm: Arm) => void) | undefined;
  #stopping = false;
  /** Resolves when the running process answers; rejects when it ended unasked or does not start. */
  #up: Promise<void> = Promise.resolve();
  starts = 0;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  /** The folder holds the database, and a token of its owner. */
  static async start(folder: string, seed: string): Promise<AuthorityHost> {
    const port = await freePort();
    const host = new AuthorityHost(port, [folder, String(port), seed]);
    host.#up = host.#run();
    await host.#up;
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Kills at these points, one after the other; `onKill` sees the files as the kill left them. */
  async arm(arms: readonly Arm[], onKill?: (arm: Arm) => void): Promise<void> {
    await this.#up;
    this.#arms = [...arms];
    this.#onKill = onKill;
    await this.#child.ask({ arm: this.#arms[0] ?? null });
  }

  /** The kills that are due and do not happen within the grace; resolves when the authority is up. */
  async settle(): Promise<readonly Arm[]> {
    const endMs = performance.now() + graceMs;
    // Who talks to a process learns of its death before its parent does.
    while (this.#arms.length > 0 && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (let up: Promise<void> | undefined; up !== this.#up; ) {
      up = this.#up;
      await up;
    }
    return this.#arms;
  }

  /** Kills the process at this moment, wherever it is; resolves when the authority is up again. */
  async killNow(): Promise<void> {
    await this.#up;
    const before = this.#child;
    this.#arms = [{ point: 'at any moment', nth: 1 }];
    before.kill();
    await before.ended;
    await this.settle();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child.terminate();
    const { code } = await this.#child.endWithin(20_000);
    if (code !== 0) throw new Error(`the authority did not stop: ${this.#child.errors}`);
  }

  async #run(): Promise<void> {
    this.starts++;
    const child = new Child('./authority-process.ts', this.#args, this.#arms[0]);
    this.#child = child;
    child.ended.then((ending) => {
      if (this.#stopping) return;
      const arm = this.#arms.shift();
      const isKill = arm !== undefined && ending.signal === 'SIGKILL';
      this.#up = isKill
        ? this.#restart(arm)
        : Promise.reject(new Error(`the authority ended by itself: ${child.errors}`));
      this.#up.catch(() => undefined); // settle() tells
    });
    await child.answer();
  }

  async #restart(arm: Arm): Promise<void> {
    this.#onKill?.(arm);
    await this.#run();
  }
}
