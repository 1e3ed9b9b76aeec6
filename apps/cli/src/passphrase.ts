// Asking for a passphrase when neither a file nor the environment gives one: a prompt that does not echo.

import type { Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { findPassphrase, passphraseOf } from '@firmseal/keys';

/** Reads one line from the terminal without showing it. */
function promptHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  return new Promise((resolve, reject) => {
    let line = '';
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.resume();
    const finish = (outcome: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
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
export async function readPassphrase(what: string, file: string | undefined): Promise<Secret> {
  const found = await findPassphrase({ environment: process.env, ...(file === undefined ? {} : { file }) });
  if (found !== undefined) return found;
  if (!process.stdin.isTTY) throw new Fault('passphrase-missing');
  return passphraseOf(await promptHidden(`Passphrase for ${what}: `), 'the terminal');
}
