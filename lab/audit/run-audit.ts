// Runs `firmseal audit` on a made ledger, each time in a process of its own.

import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromHex } from '@firmseal/bytes';
import { publicKeyFile } from '../../apps/cli/src/public-key-file.ts';
import type { AuditEnding } from './audit-process.ts';
import type { LedgerKeys } from './make-ledger.ts';

/** Writes the auditor's own files into the folder; the words of the command that name them and the ledger. */
export function writeKeys(folder: string, ledger: string, keys: LedgerKeys): string[] {
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const { rootPublicKey, deviceCaDelegation, approvalPolicy, ledgerKey, product } = keys;
  return [
    ...['--ledger', ledger, '--log-key', file('ledger.vkey', `${ledgerKey}\n`), '--product', product],
    ...['--root-key', file('root.pub', publicKeyFile(fromHex(rootPublicKey)))],
    ...['--device-ca-delegation', file('ca.delegation', fromHex(deviceCaDelegation))],
    ...['--approval-policy', file('approval.policy', fromHex(approvalPolicy))],
  ];
}

/**
 * How it ended; undefined where it killed itself after `killAfter` installs. What it writes to standard
 * error is passed on with `shows`.
 */
export async function runAudit(
  words: readonly string[],
  { killAfter = 0, shows = false }: { killAfter?: number; shows?: boolean } = {},
): Promise<AuditEnding | undefined> {
  const script = fileURLToPath(new URL('audit-process.ts', import.meta.url));
  const child: ChildProcess = fork(script, [String(killAfter), ...words], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', shows ? 'inherit' : 'ignore', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (ending) => resolve(ending as AuditEnding));
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve(undefined) : reject(new Error(`the audit ended with ${code ?? signal}`)),
    );
  });
}
