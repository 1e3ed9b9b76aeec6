// Who called the command, as far as commands need to know: its three streams, its environment, and whether it
// is asked to stop. A test makes one of its own and runs commands in its own process.

import { fstatSync } from 'node:fs';
import sea from 'node:sea';
import type { ReadStream } from 'node:tty';
import { FileStream } from '@firmseal/files';
import type { ScryptCost } from '@firmseal/keys';
import { StopRequests } from './stop-requests.ts';
import { TextSink } from './text-sink.ts';

/** Standard input: a terminal where `isTTY`, else a pipe or a file. */
export type Input = NodeJS.ReadableStream & Pick<ReadStream, 'isTTY' | 'setRawMode'>;

/** How this program was started, to start it again beside itself. */
export interface Again {
  /** The program, and what makes it this one. */
  readonly program: readonly string[];
  /** Words of its command line. */
  readonly words: readonly string[];
}

export interface Shell {
  readonly in: Input;
  readonly out: TextSink;
  readonly err: TextSink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stops: StopRequests;
  /** Where the desk file is looked for, and above it. */
  readonly folder: string;
  /** Left out, no process of this program is started: all is done in this one. For tests. */
  readonly again?: Again;
  /** How slowly the passphrase of a new key is hashed; left out, as slowly as is right. For tests. */
  readonly scryptCost?: ScryptCost;
}

/** The cost of a new key, as makeKey takes it. */
export const costOf = ({ scryptCost }: Shell): { scryptCost?: ScryptCost } =>
  scryptCost === undefined ? {} : { scryptCost };

/** Node's stream for terminals and pipes; ours for files and devices, which may be full. */
function sinkOf(file: number, stream: NodeJS.WriteStream): TextSink {
  const kind = fstatSync(file, { throwIfNoEntry: false });
  const isFile = !stream.isTTY && (kind?.isFile() || kind?.isCharacterDevice());
  return new TextSink(isFile ? new FileStream(file) : stream);
}

function againOf([, main]: readonly string[]): Again {
  const program = [process.execPath, ...process.execArgv];
  return { program: sea.isSea() ? program : [...program, main!], words: process.argv.slice(2) };
}

/** The shell of this process. */
export const processShell = (): Shell => ({
  again: againOf(process.argv),
  in: process.stdin,
  out: sinkOf(1, process.stdout),
  err: sinkOf(2, process.stderr),
  environment: process.env,
  stops: new StopRequests(),
  folder: process.cwd(),
});
