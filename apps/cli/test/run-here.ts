// Runs a command line in the test's own process: streams of memory in place of the process's.

import { PassThrough, Writable } from 'node:stream';
import { runCommandLine } from '../src/program.ts';
import type { Input, Shell } from '../src/shell.ts';
import { TextSink } from '../src/text-sink.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it. */
class Memory extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

/** Standard input that is no terminal and has ended. */
function emptyInput(): Input {
  const input = new PassThrough();
  input.end();
  return Object.assign(input, { isTTY: false, setRawMode: () => input as never });
}

/** A shell whose streams are kept; the environment has nothing but what is given. */
export function memoryShell(environment: Record<string, string> = {}) {
  const [out, err] = [new Memory(), new Memory()];
  const shell: Shell = { in: emptyInput(), out: new TextSink(out), err: new TextSink(err), environment };
  return { shell, out, err };
}

export async function runHere(
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  const { shell, out, err } = memoryShell(environment);
  const status = await runCommandLine(words, shell);
  return { status, stdout: out.text, stderr: err.text };
}

/** Standard output as JSON lines; throws when a line is none. */
export function jsonLines({ stdout }: Pick<Outcome, 'stdout'>): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
