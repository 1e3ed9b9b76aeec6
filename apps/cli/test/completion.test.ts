// The completion script for bash, run by bash on lines that are typed half; those for zsh and fish hold the
// same words, and are run where these shells are installed.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { runHere } from './run-here.ts';

const script = async (shell: string) => (await runHere(['completion', shell])).stdout;

const bashScript = await script('bash');

/** What bash offers for the last of the words. */
function offered(...words: string[]): string[] {
  const line = ['firmseal', ...words].map((word) => `'${word}'`).join(' ');
  const program = `${bashScript}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _firmseal; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', program], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  it('offers commands, and those under a word', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['keys', 'seal', 'install', 'completion']));
    expect(offered('in')).toEqual(['init', 'inspect', 'install']);
    expect(offered('keys', '')).toEqual([
      'new',
      'delegate',
      'approval-policy',
      'restore',
      'epoch',
      'revoke',
      'succeed',
      'show',
    ]);
  });

  it('offers options once a dash was typed, and file names otherwise', () => {
    expect(offered('keys', 'new', '--o')).toEqual(['--out']);
    expect(offered('keys', 'new', '-')).toContain('--json');
    expect(offered('seal', 'pan')).toEqual([]);
    expect(offered('seal', 'panel.elf', '--out', '')).toEqual([]);
  });

  it('offers the words that an option or argument takes', () => {
    expect(offered('keys', 'new', '--role', 'p')).toEqual(['package-signer']);
    expect(offered('seal', 'panel.elf', '--chunk', '')).toEqual(['1024', '2048', '4096']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });
});

it.each(['zsh', 'fish'])('%s has every option of every command', async (shell) => {
  const text = await script(shell);
  for (const [, path, flags] of bashScript.matchAll(/^ {4}'(.*)'\) next='.*' flags='(.*)' ;;$/gm)) {
    expect(text).toContain(`'${path}'`.replace("''", shell === 'fish' ? '""' : "''"));
    for (const flag of flags!.split(' '))
      expect(text).toContain(shell === 'fish' ? `-l ${flag.slice(2)}` : flag);
  }
  const check = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' });
  if (check.error === undefined) expect([check.status, check.stderr]).toEqual([0, '']);
});
