// Every command explains itself: its help has a usage line and examples that name it,
// and a wrong option ends in 2.

import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const commands = [
  ...['keys new', 'keys delegate', 'keys epoch', 'keys show', 'seal', 'inspect', 'attach-license', 'chips'],
  ...['authority init', 'authority add-product', 'authority serve'],
  ...['job open', 'job approve', 'job close', 'job show', 'job token'],
  ...['personalize', 'install', 'virtual', 'audit', 'demo'],
];

describe('help', () => {
  it('of the program lists every command', () => {
    const { status, stdout } = runCli(['--help']);
    expect(status).toBe(0);
    for (const command of commands) expect(stdout).toContain(command.split(' ')[0]);
  });

  it.each(commands)('of %s shows usage and examples', (command) => {
    const { status, stdout } = runCli([...command.split(' '), '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: firmseal ${command}`);
    expect(stdout).toContain(`\nExamples:\n  $ firmseal ${command}`);
  });
});

describe('a wrong call', () => {
  it.each([
    ['no command', ['nonsense']],
    ['an unknown option', ['demo', '--nonsense']],
    ['a missing option', ['seal', 'x.elf']],
  ])('%s ends in 2', (_, words) => {
    const { status, stderr } = runCli(words);
    expect(status).toBe(2);
    expect(stderr).toContain('error:');
  });

  it('level 2 without its confirmation is refused before anything happens', () => {
    const { status, stderr } = runCli([
      ...[
        'personalize',
        '--probe',
        'virtual:127.0.0.1:1',
        '--socket',
        'tcp:127.0.0.1:1',
        '--chip',
        'stm32f427',
      ],
      ...['--product', 'p', '--root-key', 'absent', '--device-ca', 'absent'],
    ]);
    expect(status).toBe(3);
    expect(stderr).toContain('permanent-unconfirmed');
    expect(stderr).toContain('--confirm-permanent');
  });
});
