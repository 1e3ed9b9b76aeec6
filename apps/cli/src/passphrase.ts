// Asking for a passphrase when neither a file nor the environment gives one: a prompt that does not echo.

import type { Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { findPassphrase, passphraseOf } from '@firmseal/keys';
import type { Shell } from './shell.ts';

/** Reads one line from the terminal without showing it. */
function promptHidden({ in: stdin, err }: Shell, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    err.write(question);
    stdin.setRawMode(true);
    stdin.resume();
    const finish = (outcome: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      err.write('\n');
      outcome();
    };
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\u0003') {
          finish(() => reject(new Fault('passphrase-missing')));
          return;
        }
        if (character === '\r' || character === '\n') {
          finish(() => resolve(line));
          return;
        }
        line = character === '\u007f' ? line.slice(0, -1) : line + character;
      }
    };
    stdin.on('data', onData);
  });
}

/** The passphrase for the named thing. Throws `passphrase-missing` when there is no terminal to ask on. */
export async function readPassphrase(shell: Shell, what: string, file: string | undefined): Promise<Secret> {
  const { environment } = shell;
  const found = await findPassphrase({ environment, ...(file === undefined ? {} : { file }) });
  if (found !== undefined) return found;
  if (!shell.in.isTTY) throw new Fault('passphrase-missing');
  return passphraseOf(await promptHidden(shell, `Passphrase for ${what}: `), 'the terminal');
}
