// The program that is run for each chip that passed: it prints a label, books a serial number, tells an MES.
// What it needs to know is in its environment; nothing of that is secret.

import { spawn } from 'node:child_process';
import { Fault } from '@firmseal/fault';
import { systemReason } from '@firmseal/files';
import { passphraseVariable } from '@firmseal/keys';
import type { Cycle } from '@firmseal/line';

/** A hook that hangs would hold its socket. */
const hookLimitMs = 60_000;

/** Program and arguments; or a text for the shell, as somebody typed it. */
export type Hook = readonly string[] | string;

/** Throws `line-hook-failed`. */
export async function runHook(hook: Hook, cycle: Cycle): Promise<void> {
  const reason = await outcomeOf(hook, cycle);
  const command = typeof hook === 'string' ? hook : hook.join(' ');
  if (reason !== undefined) throw new Fault('line-hook-failed', { command, socket: cycle.name, reason });
}

/** Undefined when it ended with 0. */
function outcomeOf(hook: Hook, cycle: Cycle): Promise<string | undefined> {
  const [program = '', ...words] = typeof hook === 'string' ? [hook] : hook;
  const child = spawn(program, words, {
    shell: typeof hook === 'string',
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      ...process.env,
      // It is nobody's business but ours.
      [passphraseVariable]: undefined,
      FIRMSEAL_SOCKET: cycle.name,
      FIRMSEAL_PACKAGE: cycle.package,
      FIRMSEAL_DEVICE: cycle.thumbprint ?? '',
      FIRMSEAL_LICENSE: cycle.licenseId ?? '',
      FIRMSEAL_LABEL: cycle.label ?? '',
      FIRMSEAL_OUTCOME: cycle.outcome.toUpperCase(),
    },
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(`no end within ${hookLimitMs} ms`);
    }, hookLimitMs);
    const end = (reason: string | undefined) => {
      clearTimeout(timer);
      resolve(reason);
    };
    child.once('error', (error) => end(systemReason(error)));
    child.once('exit', (code, signal) => end(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });
}
