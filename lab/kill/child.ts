// A child program of the campaign: started with Node's own fork, answers over its channel, and how it ended.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Arm, armText, armVariable } from './kill-point.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Child {
  readonly #process: ChildProcess;
  readonly ended: Promise<Ending>;
  /** Everything on standard error, for whoever asks why it failed. */
  errors = '';
  output = '';
  #timedOut = false;

  constructor(program: string, args: readonly string[], arm?: Arm) {
    const { [armVariable]: _, ...inherited } = process.env;
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), [...args], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {
        ...inherited,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? `${root}.cache/compile`,
        ...(arm === undefined ? {} : { [armVariable]: armText(arm) }),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process.stdout?.on('data', (text) => {
      this.output += text;
    });
    this.#process.stderr?.on('data', (text) => {
      this.errors += text;
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** The next message; rejects when the child ends first. */
  answer<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.once('message', (message) => resolve(message as T));
      this.ended.then(({ code, signal }) =>
        reject(new Error(`a child ended without an answer (${signal ?? code}): ${this.errors}`)),
      );
    });
  }

  ask<T>(question: object): Promise<T> {
    const answer = this.answer<T>();
    this.#process.send(question, (error) => error && this.#process.kill());
    return answer;
  }

  /** How it ended, or an error when that takes longer: a hang is a finding, not a kill. */
  async endWithin(limitMs: number): Promise<Ending> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#process.kill('SIGKILL');
    }, limitMs);
    const ending = await this.ended;
    clearTimeout(timer);
    if (this.#timedOut) throw new Error(`a child hung for ${limitMs} ms: ${this.errors}`);
    return ending;
  }

  /** As by a power cut: no handler runs. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  terminate(): void {
    this.#process.kill('SIGTERM');
  }
}
