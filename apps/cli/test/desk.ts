// An owner's desk for tests, as `firmseal init` makes it, with keys whose passphrase is hashed fast; a
// package that was sealed at it; and its authority as it serves.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, utf8 } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { makeDesk as fillDesk } from '../src/desk/make-desk.ts';
import { runCommandLine } from '../src/program.ts';
import { jsonLines, memoryShell, runHere } from './run-here.ts';

const passphrase = 'of these tests and of nothing else';
/** What the shipped cost, a third of a second for each key that is opened, is too slow for. */
const scryptCost = { n: 16, r: 1, p: 1 };
export const deskEnvironment = { FIRMSEAL_PASSPHRASE: passphrase };

export interface Desk {
  readonly folder: string;
  readonly at: (name: string) => string;
}

/** Runs a command that has to succeed; returns its events. */
export async function succeed(words: readonly string[]): Promise<Record<string, unknown>[]> {
  const outcome = await runHere([...words, '--json'], deskEnvironment);
  if (outcome.status !== 0) throw new Error(`${words.join(' ')}: ${outcome.stderr}`);
  return jsonLines(outcome);
}

/** Fills the folder. */
export async function makeDesk(folder: string): Promise<Desk> {
  const at = (name: string) => join(folder, name);
  const secret = new Secret(utf8(passphrase));
  await fillDesk(folder, { product: 'panel', passphrase: secret, scryptCost });
  const address = 0x0800_0000;
  const firmware = Uint8Array.from({ length: 9000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  writeFileSync(at('panel.bin'), withVectorTable(findChip('stm32f427'), address, firmware));
  await succeed(sealWords({ folder, at }, at('panel.seal')));
  return { folder, at };
}

/** For commands that do what approvers sign: the desk's own approver. */
export const approverWords = ({ at }: Desk): string[] => [
  ...['--approver-key', at('approver.key'), '--approver-delegation', at('approver.delegation')],
  ...['--approval-policy', at('approval.policy'), '--root-key', at('root.key.pub')],
];

export const sealWords = ({ at }: Desk, out: string): string[] => [
  ...['seal', at('panel.bin'), '--address', '0x08000000', '--chip', 'stm32f427', '--product', 'panel'],
  ...['--firmware-version', '1.0.0', '--counter', '1', '--root-key', at('root.key.pub')],
  ...['--signer', at('signer.key'), '--delegation', at('signer.delegation')],
  ...['--authority-key', at('authority/kem.key.pub'), '--out', out],
];

/** What a package that brings an agent is signed with, by options. */
export const agentSealWords = ({ at }: Desk, out: string): string[] => [
  ...['agent', 'seal', '--build', 'webassembly', '--chip', 'stm32f427', '--product', 'panel'],
  ...[
    '--root-key',
    at('root.key.pub'),
    '--signer',
    at('signer.key'),
    '--delegation',
    at('signer.delegation'),
  ],
  ...['--agent-signer', at('agent.key'), '--agent-delegation', at('agent.delegation')],
  ...['--authority-key', at('authority/kem.key.pub'), '--out', out],
];

export interface ServedAuthority {
  readonly url: string;
  /** What it has said so far. */
  stdout(): string;
  stderr(): string;
  stop(): Promise<number>;
}

/** `firmseal authority serve`, on a port that the system chooses; `more`: of its options. */
export async function serveDesk({ at }: Desk, more: readonly string[] = []): Promise<ServedAuthority> {
  const { shell, out, err } = memoryShell(deskEnvironment);
  const words = ['authority', 'serve', at('authority'), '--listen', '127.0.0.1:0', '--json', ...more];
  const ended = runCommandLine(words, shell);
  const served = new Promise<string>((resolve, reject) => {
    out.changed = () => {
      const [line] = jsonLines({ stdout: out.text });
      if (line?.['event'] === 'serving') resolve(String(line['url']));
    };
    void ended.then(() => reject(new Error(`the authority ended: ${err.text}`)));
  });
  return {
    url: await served,
    stdout: () => out.text,
    stderr: () => err.text,
    stop: () => {
      shell.stops.raise('SIGTERM');
      return ended;
    },
  };
}
