// `firmseal line run` as a process that is started again after each kill, its JSON lines as
// events, and what it takes of memory.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = `${root}apps/cli/src/main.ts`;

/**
 * V8 lets garbage stand while a machine has memory. With this limit a line that kept something of
 * each chip would grow until it ends.
 */
const heapMiB = 64;

export interface LineJson {
  readonly event: string;
  readonly name?: string;
  readonly state?: string;
  readonly outcome?: string;
  readonly thumbprint?: string | null;
  readonly fault?: { readonly code: string; readonly sentence: string } | null;
}

export class LineProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  errors = '';
  readonly #begun = Promise.withResolvers<void>();

  constructor(words: readonly string[], onEvent: (event: LineJson) => void) {
    const flags = [`--max-old-space-size=${heapMiB}`, '--disable-warning=ExperimentalWarning'];
    this.#child = spawn(process.execPath, [...flags, cli, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? `${root}.cache/compile`,
      },
    });
    this.#child.stderr.on('data', (text) => {
      this.errors += text;
    });
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      // A killed process may leave half a line.
      if (!text.endsWith('}')) return;
      this.#begun.resolve();
      onEvent(JSON.parse(text) as LineJson);
    });
    this.ended = once(this.#child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** As Linux tells it (proc(5)); 0 once it has ended. */
  get residentBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /**
   * Ends after what runs. A process that was only just started takes a request to
   * stop from its first line on.
   */
  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await Promise.race([this.#begun.promise, this.ended]);
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}
