// `firmseal authority serve` as it is started: it asks for the passphrase, and starts two processes of the
// same program. The signer gets the passphrase through a pipe and holds the keys; the other one speaks HTTP
// and gets neither. A signer that ends is started again. This process parses nothing that comes from outside.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Secret } from '@firmseal/bytes';
import { passphraseVariable } from '@firmseal/keys';
import type { Face } from '../face.ts';
import type { Again } from '../shell.ts';
import { refuseCores } from './core-dumps.ts';

const [pauseFirstMs, pauseMostMs] = [100, 5000];

/** Neither of the two finds the passphrase in its environment. */
function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [passphraseVariable]: _, ...rest } = environment;
  return rest;
}

/** Signals of the terminal are this process's to hand on; both end when it is gone (main.ts). */
const apart = (stdout: 'pipe' | 'inherit', stdin: 'pipe' | 'ignore') => ({
  detached: true,
  env: environmentOf(process.env),
  stdio: [stdin, stdout, 'inherit', 'ipc'] as ['pipe' | 'ignore', 'pipe' | 'inherit', 'inherit', 'ipc'],
});

const endOf = async (child: ChildProcess): Promise<number> => {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
};

class SignerKeeper {
  readonly #face: Face;
  readonly #command: readonly string[];
  readonly #passphrase: Secret;
  #child: ChildProcess | undefined;
  #isStopping = false;

  constructor(face: Face, { command, passphrase }: { command: readonly string[]; passphrase: Secret }) {
    this.#face = face;
    this.#command = command;
    this.#passphrase = passphrase;
  }

  /** Resolves when the signer takes requests: undefined; or when it ended before that: its exit code. */
  async #begin(): Promise<number | undefined> {
    const [program, ...words] = this.#command;
    const child = spawn(program!, words, apart('pipe', 'pipe'));
    this.#child = child;
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(Buffer.from(this.#passphrase.expose()));
    const ended = endOf(child);
    const ready = new Promise<undefined>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (line.startsWith('{"event":"signing"')) resolve(undefined);
        else if (this.#face.json && line.startsWith('{"event":"error"'))
          this.#face.shell.out.write(`${line}\n`);
      });
    });
    return Promise.race([ready, ended]);
  }

  /** Starts it; undefined, or the code with which it ended at once. */
  async start(): Promise<number | undefined> {
    const code = await this.#begin();
    if (code === undefined) void this.#keep();
    return code;
  }

  /** Starts it again whenever it ends, until it is asked to stop. */
  async #keep(): Promise<void> {
    for (let pauseMs = pauseFirstMs; ; ) {
      const child = this.#child!;
      await endOf(child);
      if (this.#isStopping) return;
      this.#face.note(
        `the signer ended (${child.signalCode ?? `exit code ${child.exitCode}`}); it is started again`,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (this.#isStopping) return;
      pauseMs = (await this.#begin()) === undefined ? pauseFirstMs : Math.min(2 * pauseMs, pauseMostMs);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    await endOf(child);
  }
}

/** A path that only this user can open. */
function socketPath(): { path: string; remove: () => void } {
  if (process.platform === 'win32')
    return { path: `\\\\.\\pipe\\firmseal-signer-${process.pid}`, remove: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-signer-'));
  return { path: join(folder, 'socket'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs both until a request to stop; the exit code is that of the process that speaks HTTP. */
export async function supervise(
  face: Face,
  { again, folder, passphrase }: { again: Again; folder: string; passphrase: Secret },
): Promise<number> {
  refuseCores(face);
  const { path, remove } = socketPath();
  const signerWords = ['authority', 'signer', folder, '--socket', path, '--passphrase-file', '-', '--json'];
  const keeper = new SignerKeeper(face, { command: [...again.program, ...signerWords], passphrase });
  try {
    const refused = await keeper.start();
    if (refused !== undefined) return refused;
    const [program, ...words] = again.program;
    const server = spawn(program!, [...words, ...again.words, '--signer', path], apart('inherit', 'ignore'));
    const giveBack = face.shell.stops.take(() => void server.kill('SIGTERM'));
    const code = await endOf(server);
    giveBack();
    return code;
  } finally {
    await keeper.stop();
    passphrase.wipe();
    remove();
  }
}
