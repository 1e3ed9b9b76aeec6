// `firmseal virtual` as a process of its own: JSON lines out, controls in, ended at the end.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));

type Line = Readonly<Record<string, unknown>>;

/** What the line of a chip says, as far as tests use it. */
export interface VirtualLine {
  readonly socket: string;
  readonly probe: string;
  readonly uniqueId: string;
  readonly uart?: string | number;
  readonly usb?: { readonly port: number; readonly busId: string };
  readonly stlinkPort?: number;
  readonly probeUsb?: {
    readonly kind: string;
    readonly port: number;
    readonly busId: string;
    readonly serial: string;
  };
  readonly connect: readonly { readonly client: string; readonly command: string }[];
}

export class VirtualProcess {
  readonly chips: VirtualLine[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Line[] = [];
  readonly #waiting: { matches: (line: Line) => boolean; resolve: (line: Line) => void }[] = [];

  private constructor(words: readonly string[]) {
    this.#child = spawn(process.execPath, [main, 'virtual', '--json', ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line['event'] === 'chip') this.chips.push(line as unknown as VirtualLine);
      this.#lines.push(line);
      for (const one of this.#waiting) if (one.matches(line)) one.resolve(line);
    });
  }

  static async start(...words: string[]): Promise<VirtualProcess> {
    const started = new VirtualProcess(words);
    await started.said({ event: 'ready' });
    return started;
  }

  /** The first line with these fields, said before or to be said. Rejects when the process ends first. */
  said(fields: Line): Promise<Line> {
    const matches = (line: Line) => Object.entries(fields).every(([name, value]) => line[name] === value);
    const known = this.#lines.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    const ended = once(this.#child, 'close').then(() => Promise.reject(new Error('virtual ended')));
    ended.catch(() => {});
    return Promise.race([new Promise<Line>((resolve) => this.#waiting.push({ matches, resolve })), ended]);
  }

  /** Types a control; answers of earlier ones are forgotten. */
  type(line: string): void {
    this.#lines.length = 0;
    this.#child.stdin.write(`${line}\n`);
  }

  /** Asks for a chip's state and waits for it. */
  state(number: number): Promise<Line> {
    this.type(`state ${number}`);
    return this.said({ event: 'state', number });
  }

  /** Ends it; gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}
