// Who called the command, as far as commands need to know: its three streams and its environment. A test
// makes one of its own and runs commands in its own process.

import type { ReadStream } from 'node:tty';
import { TextSink } from './text-sink.ts';

/** Standard input: a terminal where `isTTY`, else a pipe or a file. */
export type Input = NodeJS.ReadableStream & Pick<ReadStream, 'isTTY' | 'setRawMode'>;

export interface Shell {
  readonly in: Input;
  readonly out: TextSink;
  readonly err: TextSink;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The shell of this process. */
export const processShell = (): Shell => ({
  in: process.stdin,
  out: new TextSink(process.stdout),
  err: new TextSink(process.stderr),
  environment: process.env,
});
