// No token crosses a network in clear: every command that takes the address of an authority refuses
// http to another machine before it sends anything, and says so. Generated from the list of commands,
// so that a new one cannot be forgotten.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeProgram } from '../src/program.ts';
import { memoryShell, runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-address-'));
const file = join(folder, 'owner.token');
writeFileSync(file, `fso_${'A'.repeat(43)}\n`);
afterAll(() => rmSync(folder, { recursive: true }));

function leaves(parent: CommandUnknownOpts, path: readonly string[] = []): [string[], CommandUnknownOpts][] {
  return parent.commands.flatMap((one) => {
    const words = [...path, one.name()];
    return one.commands.length > 0 ? leaves(one, words) : [[words, one] as [string[], CommandUnknownOpts]];
  });
}
const commands = leaves(await makeProgram(memoryShell().shell)).filter(([, { options }]) =>
  // One that takes the address alone sends no token: it keeps it for the commands that do.
  ['--authority', '--token-file'].every((name) => options.some(({ long }) => long === name)),
);

/**
 * Values that are read before anything is sent, by option and argument; any other is a file that is there.
 */
const values: Readonly<Record<string, string>> = {
  '--quota': '1',
  '--job': '0a'.repeat(16),
  '--socket': 'tcp:127.0.0.1:1',
  '--via': 'serial:/dev/ttyUSB9',
  '--license': 'slot=1',
  '--chip': 'stm32u575',
  '--product': 'pump',
  '--out': join(folder, 'new'),
  '--device': '00'.repeat(32),
  '--reason': 'broken',
  '--note': 'known',
  '--scope': 'auditor',
  '--label': 'x',
  '--cap': '200',
  '--until': '2027-03-31',
  job: '0a'.repeat(16),
  token: '00'.repeat(8),
  unit: '0',
  alarm: '1',
  site: 'hall',
};

/** Options that a command can do without, and that are needed for its way to the authority. */
const needed: Readonly<Record<string, readonly string[]>> = {
  install: ['--job', '--socket', '--device-ca-delegation'],
  personalize: ['--records', '--device-ca'],
  'stop new': ['--device'],
  'stop lift': ['--device'],
  update: ['--job'],
  'updater build': ['--job'],
  recover: ['--socket'],
};

/** A whole command line: every argument and every option that has to be given. */
function lineOf(words: readonly string[], command: CommandUnknownOpts, address: string): string[] {
  const always = ['--authority', '--token-file', ...(needed[words.join(' ')] ?? [])];
  const given = command.options
    .filter(({ mandatory, long }) => mandatory || always.includes(long!))
    .flatMap(({ long }) => [long!, long === '--authority' ? address : (values[long!] ?? file)]);
  const args = command.registeredArguments.map((one) => values[one.name()] ?? file);
  return [...words, ...args, ...given];
}

const fetched = vi.fn<typeof fetch>(async () => {
  throw Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error(), { code: 'ECONNRESET' }),
  });
});
beforeEach(() => {
  fetched.mockClear();
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => vi.unstubAllGlobals());

test('there are such commands', () => {
  expect(commands.map(([words]) => words.join(' '))).toEqual(
    expect.arrayContaining(['install', 'audit', 'job open', 'job token']),
  );
});

describe.each(commands.map(([words, command]) => [words.join(' '), words, command] as const))(
  '%s',
  (_, words, command) => {
    test.each([
      ['http to another machine', 'http://authority.example:7443', 'authority-url-insecure'],
      ['http to an address of another machine', 'http://192.0.2.7', 'authority-url-insecure'],
      ['a user in the address', 'https://me:secret@authority.example', 'authority-address-invalid'],
      ['no address', 'authority.example', 'authority-address-invalid'],
    ])('%s is refused, and nothing is sent', async (_, address, code) => {
      const { stderr, status } = await runHere(lineOf(words, command, address));
      expect(stderr).toContain(code);
      expect(status).toBeGreaterThan(0);
      expect(fetched).not.toHaveBeenCalled();
    });

    test('a token file that holds no token is said to hold none, and nothing is sent', async () => {
      const wrong = join(folder, 'wrong.token');
      writeFileSync(wrong, 'not a token');
      const line = lineOf(words, command, 'https://authority.example');
      line[line.indexOf('--token-file') + 1] = wrong;
      expect((await runHere(line)).stderr).toContain('token-malformed');
      expect(fetched).not.toHaveBeenCalled();
    });
  },
);
