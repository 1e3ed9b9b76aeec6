// Passphrases: from a file, from the environment, or asked for at a prompt that does not echo. That of a new
// key is asked for twice, and weak ones are refused.

import { equalBytes, type Secret } from '@firmseal/bytes';
import { Fault, harmless } from '@firmseal/fault';
import { findPassphrase, passphraseOf, refuseWeakPassphrase } from '@firmseal/keys';
import type { Face } from './face.ts';
import { warnOfReaders } from './file-readers.ts';
import type { Shell } from './shell.ts';

/** Reads one line from the terminal without showing it. */
function promptHidden({ in: stdin, err }: Shell, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    err.write(harmless(question));
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

const inputBytesAtMost = 4096;

/** The first line of standard input, which ends then. Throws `key-passphrase-empty`. */
async function readFromInput({ in: stdin }: Shell): Promise<Secret> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > inputBytesAtMost) throw new Fault('key-passphrase-empty', { source: 'standard input' });
  }
  const text = Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0]!;
  for (const chunk of chunks) chunk.fill(0);
  return passphraseOf(text, 'standard input');
}

async function findOrAsk(
  face: Face,
  what: string,
  { file, twice }: { file: string | undefined; twice: boolean },
): Promise<Secret> {
  const { shell } = face;
  if (file === '-') return readFromInput(shell);
  if (file !== undefined) warnOfReaders(face, file);
  const { environment } = shell;
  const found = await findPassphrase({ environment, ...(file === undefined ? {} : { file }) });
  if (found !== undefined) return found;
  if (!shell.in.isTTY) throw new Fault('passphrase-missing');
  const ask = async (question: string) => passphraseOf(await promptHidden(shell, question), 'the terminal');
  const first = await ask(`Passphrase for ${what}: `);
  if (!twice) return first;
  const second = await ask('The same again: ');
  if (!equalBytes(first.expose(), second.expose())) throw new Fault('passphrase-differs');
  second.wipe();
  return first;
}

/**
 * The passphrase of a key that exists. Throws `passphrase-missing` when there is no terminal to ask
 * on, and what findPassphrase does.
 */
export const readPassphrase = (face: Face, what: string, file: string | undefined): Promise<Secret> =>
  findOrAsk(face, what, { file, twice: false });

/**
 * The passphrase of a key that is about to be made. Throws `passphrase-weak` and `passphrase-differs` too.
 */
export async function readNewPassphrase(face: Face, what: string, file: string | undefined): Promise<Secret> {
  const passphrase = await findOrAsk(face, what, { file, twice: true });
  refuseWeakPassphrase(passphrase);
  return passphrase;
}
