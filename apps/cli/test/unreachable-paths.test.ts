// Paths that the system does not follow: a circle of links, a name that is too long, a file in place of a
// folder. Each file option and argument of each command is given them, from the list of commands, so that a
// new one cannot be forgotten: a code that names the path, never an internal error, and nothing is written.

import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { afterAll, describe, expect, it } from 'vitest';
import { makeProgram } from '../src/program.ts';
import { memoryShell, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-paths-'));
const file = join(folder, 'file');
writeFileSync(file, 'x', { mode: 0o600 });
symlinkSync('loop', join(folder, 'loop'));
afterAll(() => rmSync(folder, { recursive: true }));

const unreachable = {
  'a circle of links': join(folder, 'loop'),
  'below a circle of links': join(folder, 'loop', 'x'),
  'a name that is too long': join(folder, 'y'.repeat(300)),
  'a path that is too long': join(folder, 'z/'.repeat(2500), 'z'),
  'below a file': join(file, 'x'),
};

function leaves(parent: CommandUnknownOpts, path: readonly string[] = []): [string[], CommandUnknownOpts][] {
  return parent.commands.flatMap((one) => {
    const words = [...path, one.name()];
    return one.commands.length > 0 ? leaves(one, words) : [[words, one] as [string[], CommandUnknownOpts]];
  });
}

/** What an option or argument is given that is no path; any other is the file that is there. */
const values: Readonly<Record<string, string>> = {
  ...{ '--authority': 'http://127.0.0.1:1', '--authority-url': 'http://127.0.0.1:1', '--chip': 'stm32f427' },
  ...{ '--quota': '1', '--job': '0a'.repeat(16), '--socket': 'tcp:127.0.0.1:1', '--via': 'written' },
  ...{
    '--product': 'pump',
    '--reason': 'x',
    '--log-size': '1',
    '--log-head': 'ab'.repeat(32),
    '--note': 'x',
    '--scope': 'auditor',
    '--label': 'x',
  },
  ...{ '--firmware-version': '1', '--counter': '1', '--role': 'approver', '--epoch': '1', '--level': '0' },
  ...{ '--at': '0x08000000', '--length': '1024', '--address': '0x08000000', '--set': 'x=1' },
  ...{ '--name': 'hall', '--connect': '127.0.0.1:1', '--place': 'tcp:127.0.0.1:1', name: 'hall' },
  ...{ job: '0a'.repeat(16), token: '00'.repeat(8), unit: '0', alarm: '1', shell: 'bash' },
};

const isPath = (flags: string): boolean => /<(?:file|folder)>/.test(flags);
const pathArguments = new Set(['image', 'package', 'folder', 'file', 'key', 'receipt', 'report']);

/** Command lines, each with the path in one place. */
function linesOf(words: readonly string[], command: CommandUnknownOpts, path: string): string[][] {
  const args = command.registeredArguments.map((one) => ({ name: one.name() }));
  const needed = command.options.filter(({ mandatory }) => mandatory);
  const lineWith = (at: string) => [
    ...words,
    ...args.map(({ name }) => (name === at ? path : (values[name] ?? file))),
    ...needed.flatMap(({ long }) => (long === at ? [] : [long!, values[long!] ?? file])),
    ...(at.startsWith('--') ? [at, path] : []),
  ];
  return [
    ...args.filter(({ name }) => pathArguments.has(name)).map(({ name }) => lineWith(name)),
    ...command.options.filter(({ flags }) => isPath(flags)).map(({ long }) => lineWith(long!)),
  ];
}

const commands = leaves(await makeProgram(memoryShell().shell));

it('most commands take a path', () => {
  const taking = commands.filter(([words, command]) => linesOf(words, command, 'x').length > 0);
  expect(taking.length).toBeGreaterThan(30);
});

describe.each(commands.map(([words, command]) => [words.join(' '), words, command] as const))(
  '%s',
  (_, words, command) => {
    it.each(Object.entries(unreachable))('%s', async (_name, path) => {
      for (const line of linesOf(words, command, path)) {
        const { status, stdout, stderr } = await runHere(line, { FIRMSEAL_PASSPHRASE: 'of this test alone' });
        expect(stderr + stdout, line.join(' ').slice(0, 200)).not.toMatch(/internal-error|FS0001|\n\s+at /);
        expect(status, stderr).toBeGreaterThan(0);
        expect(readdirSync(folder).sort()).toEqual(['file', 'loop']);
      }
    });
  },
);
