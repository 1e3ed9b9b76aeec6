// Runs a command line in the test's own process: streams of memory in place of the process's.

import { PassThrough, Writable } from 'node:stream';
import { runCommandLine } from '../src/program.ts';
import type { Input, Shell } from '../src/shell.ts';
import { StopRequests } from '../src/stop-requests.ts';
import { TextSink } from '../src/text-sink.ts';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it. */
class Memory extends Writable {
  text = '';
  changed: () => void = () => undefined;
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
    this.changed();
  }
}

/** Standard input that is no terminal and has ended. */
function emptyInput(): Input {
  const input = new PassThrough();
  input.end();
  return Object.assign(input, { isTTY: false, setRawMode: () => input as never });
}

/** A shell whose streams are kept; the environment has nothing but what is given. */
export function memoryShell(
  environment: Record<string, string> = {},
  { out = new Memory(), folder = '/' }: { out?: Writable; folder?: string } = {},
) {
  const kept = out instanceof Memory ? out : new Memory();
  const err = new Memory();
  const shell: Shell = {
    ...{ in: emptyInput(), out: new TextSink(out), err: new TextSink(err), environment },
    stops: new StopRequests(),
    folder,
    // Hashing the passphrase of a new key is slow on purpose; these keys are thrown away.
    scryptCost: { n: 16, r: 1, p: 1 },
  };
  return { shell, out: kept, err };
}

export async function runHere(
  words: readonly string[],
  environment: Record<string, string> = {},
  folder = '/',
): Promise<Outcome> {
  const { shell, out, err } = memoryShell(environment, { folder });
  const status = await runCommandLine(words, shell);
  return { status, stdout: out.text, stderr: err.text };
}

const pollMs = 10;

/**
 * As runHere; a command that serves is asked to stop once it takes the request. `given`: its standard output.
 */
export async function runUntil(
  words: readonly string[],
  environment: Record<string, string>,
  { serves, given }: { serves: boolean; given?: Writable },
): Promise<Outcome> {
  const { shell, out, err } = memoryShell(environment, given === undefined ? {} : { out: given });
  const running = { ended: false };
  const ended = runCommandLine(words, shell).finally(() => {
    running.ended = true;
  });
  while (serves && !running.ended && !shell.stops.isTaken)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  if (serves) shell.stops.raise('SIGTERM');
  return { status: await ended, stdout: out.text, stderr: err.text };
}

/** Standard output as JSON lines; throws when a line is not JSON. */
export function jsonLines({ stdout }: Pick<Outcome, 'stdout'>): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
