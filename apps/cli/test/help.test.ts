// Every command of the list explains itself: its help has a usage line and examples that name it, and --json.
// A wrong command line ends in 2 before anything happens.

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../src/program.ts';
import { jsonLines, memoryShell, runHere } from './run-here.ts';

const program = await makeProgram(memoryShell().shell);

/** Every command that can be called, with its words. */
function leaves(parent: CommandUnknownOpts, path = ''): [string, CommandUnknownOpts][] {
  return parent.commands.flatMap((one) => {
    const name = `${path} ${one.name()}`.trimStart();
    return one.commands.length > 0 ? leaves(one, name) : [[name, one]];
  });
}
const commands = leaves(program);

describe('help', () => {
  it('of the program lists every command', async () => {
    const { status, stdout } = await runHere(['--help']);
    expect(status).toBe(0);
    for (const [command] of commands) expect(stdout).toContain(command.split(' ')[0]);
  });

  it.each(commands)('of %s shows usage, --json and examples', async (name, { options }) => {
    for (const words of [
      [...name.split(' '), '--help'],
      ['help', ...name.split(' ')],
    ]) {
      const { status, stdout } = await runHere(words);
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: firmseal ${name}`);
      expect(stdout).not.toMatch(/\(default: [{[]"/); // a value in the form of the program
      expect(stdout).toContain(`\nExamples:\n  $ firmseal ${name}`);
    }
    expect(options.map(({ long }) => long)).toContain('--json');
  });

  it('is told that a group wants a command', async () => {
    const { status, stdout, stderr } = await runHere(['keys']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: firmseal keys');
  });
});

describe('a wrong call', () => {
  it.each([
    ['a command that does not exist', ['sael'], "unknown command 'sael' (Did you mean seal?)"],
    [
      'an option that does not exist',
      ['demo', '--chp', 'x'],
      "unknown option '--chp' (Did you mean --chip?)",
    ],
    [
      'a mistyped option where it is missing',
      ['seal', 'x.elf', '--chp', 'stm32f427'],
      "unknown option '--chp' (Did you mean --chip?)",
    ],
    [
      'a missing option that a desk would fill in',
      ['seal', 'x.elf'],
      "required option '--chip <name>' not specified, and no firmseal.json is in this folder or above it.",
    ],
    ['a missing option of the desk itself', ['init'], "required option '--product <name>' not specified."],
    [
      'a value out of its range',
      ['virtual', '--chip', 'stm32f427', '--count', '0'],
      'a number from 1 to 256',
    ],
    [
      'a word that is no choice',
      ['keys', 'new', '--role', 'king', '--out', 'x'],
      'Allowed choices are root,',
    ],
  ])('%s ends in 2', async (_, words, said) => {
    const { status, stdout, stderr } = await runHere(words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`FS0977 command-line-invalid: The command line was not understood: `);
    expect(stderr).toContain(said);
    const json = await runHere([...words, '--json']);
    expect(jsonLines(json)).toEqual([
      expect.objectContaining({ event: 'error', code: 'command-line-invalid' }),
    ]);
  });

  it('level 2 without its confirmation is refused before anything happens', async () => {
    const { status, stderr } = await runHere([
      ...['personalize', '--via', 'virtual:127.0.0.1:1', '--socket', 'tcp:127.0.0.1:1'],
      ...['--chip', 'stm32f427', '--product', 'p', '--root-key', 'absent', '--device-ca', 'absent'],
    ]);
    expect(status).toBe(3);
    expect(stderr).toContain('permanent-unconfirmed');
    expect(stderr).toContain('--confirm-permanent');
  });
});

it('-v says the version', async () => {
  expect(await runHere(['-v'])).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
});
