// Every command and option that a text for people names exists: in sentences and remedies of the error table,
// in README and docs, in the READMEs of packages and examples, and in the examples of the help.

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { readTree, type SourceFile } from '../../../tools/tidy/tree.ts';
import { makeProgram } from '../src/program.ts';
import { memoryShell } from './run-here.ts';

/** Commands that texts may name before they exist; one that exists must leave this list. */
const planned = ['devices'];

const program = await makeProgram(memoryShell().shell);

function find(words: readonly string[]): { command: CommandUnknownOpts; rest: readonly string[] } {
  let command: CommandUnknownOpts = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) return { command, rest };
    command = next;
    rest = rest.slice(1);
  }
}

const optionsOf = ({ options }: CommandUnknownOpts) => ['--help', ...options.map(({ long }) => long)];

/**
 * What is wrong with a command line that a text shows, given without its first word;
 * undefined when nothing is.
 */
function wrongIn(line: string): string | undefined {
  const words = line.split(/\s+/).filter((word) => word !== '');
  if (planned.includes(words[0]!)) return undefined;
  const { command, rest } = find(words[0] === 'help' ? words.slice(1) : words);
  const [first] = rest;
  if (command.commands.length > 0 && first !== undefined && /^[a-z]/.test(first))
    return `no command ${first}`;
  const option = rest.find(
    (word) => /^--[a-z]/.test(word) && !optionsOf(command).includes(word.split('=')[0]!),
  );
  return option === undefined ? undefined : `no option ${option}`;
}

/**
 * Command lines in a text, without their first word: in backticks, and in fenced blocks of shell.
 */
function linesIn(text: string): string[] {
  const fences = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) =>
    match[1]!.replaceAll('\\\n', ' '),
  );
  const fenced = fences.flatMap((fence) => [...fence.matchAll(/^\s*(?:\$ |npx )?firmseal ([^|&;#\n]*)/gm)]);
  const inline = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`(?:npx )?firmseal ([^`]+)`/g)];
  return [...fenced, ...inline].map((match) => match[1]!);
}

const isPage = ({ path }: SourceFile) =>
  /\.md$/.test(path) && /^(?:docs|packages|apps|examples|lab)\/|^README/.test(path);

describe('a text that names', () => {
  it.each([
    ['job list', 'no command list'],
    ['keys create', 'no command create'],
    ['seal panel.elf --entree 0x08000000', 'no option --entree'],
    ['keys new --role root --out root.key', undefined],
    ['install panel.seal ...', undefined],
    ['help keys new', undefined],
    ['chips ID', undefined],
  ])('firmseal %s', (line, wrong) => {
    expect(wrongIn(line)).toBe(wrong);
  });

  it('is read in backticks, in fences, and over continued lines', () => {
    const text =
      'Run `firmseal job list`.\n```sh\n$ firmseal keys new \\\n  --out a\nfirmseal demo # all\n```\n';
    expect(linesIn(text).map((line) => line.trim().replaceAll(/\s+/g, ' '))).toEqual([
      'keys new --out a',
      'demo',
      'job list',
    ]);
  });
});

describe('every command that is named exists', () => {
  const pages = readTree().filter(isPage);

  it.each(pages.map((page) => [page.path, page] as const))('in %s', (_, { text }) => {
    expect(linesIn(text).flatMap((line) => wrongIn(line) ?? [])).toEqual([]);
  });

  const errors = readTree().filter(({ path }) => /^spec\/errors\/.*\.json$/.test(path));
  const everyOption = new Set<string | null | undefined>();
  const collect = (command: CommandUnknownOpts): void => {
    for (const option of optionsOf(command)) everyOption.add(option);
    command.commands.forEach(collect);
  };
  collect(program);

  it.each(errors.map((file) => [file.path, file] as const))('in %s', (_, { text }) => {
    expect(linesIn(text).flatMap((line) => wrongIn(line) ?? [])).toEqual([]);
    const ours = text.replaceAll(/\bobjcopy [^)"]*/g, '');
    const named = [...ours.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
    expect(named.filter((option) => !everyOption.has(option))).toEqual([]);
  });

  it('and a planned one does not', () => {
    const there = program.commands.map((command) => command.name());
    expect(planned.filter((name) => there.includes(name))).toEqual([]);
  });
});
