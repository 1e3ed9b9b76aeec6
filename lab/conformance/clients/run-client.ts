// Runs a client program to its end while this process plays the chip.

import { spawn } from 'node:child_process';

export interface ClientResult {
  readonly status: number | null;
  /** Standard output and error together, carriage returns as line ends. */
  readonly printed: string;
}

/** Ends it after 60 seconds: the status is null then. */
export function runClient(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ClientResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      timeout: 60_000,
    });
    let printed = '';
    const collect = (text: Buffer) => {
      printed += text.toString('latin1').replaceAll('\r', '\n');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, printed }));
  });
}
