// Every command of firmseal that a text names is one that the real parser takes, with the options that it
// names: in errors and remedies, in all pages, in help texts, in comments and printed lines.

import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { readTree } from '../../../tools/tidy/tree.ts';
import { commandList, isGroup } from '../src/command-list.ts';
import { makeProgram } from '../src/program.ts';
import {
  commandsInBackticks,
  commandsInLines,
  commandsInMarkdown,
  type NamedCommand,
  shellWords,
  whyRefused,
} from './named-commands.ts';
import { memoryShell, runHere } from './run-here.ts';

/** Words after `firmseal` where the name is not the command's: a greeting, labels, a version. */
const otherUses = /^firmseal (?:example panel|test key:|vectors:|receipt 1$|\$\{)/;

const tree = readTree();

interface ErrorArea {
  readonly errors: readonly { readonly sentence: string; readonly remedy: string }[];
}
const errorTexts = tree
  .filter(({ path }) => /^spec\/errors\/.*\.json$/.test(path))
  .flatMap(({ text }) => (JSON.parse(text) as ErrorArea).errors)
  .flatMap(({ sentence, remedy }) => [sentence, remedy]);

const program = await makeProgram(memoryShell().shell);
const optionsOf = (command: CommandUnknownOpts): string[] => [
  ...command.options.map(({ long }) => long ?? ''),
  ...command.commands.flatMap(optionsOf),
];
const everyOption = new Set(['--help', ...optionsOf(program)]);

async function refusals(commands: readonly NamedCommand[]): Promise<string[]> {
  const all: string[] = [];
  for (const command of commands) {
    if (otherUses.test(command.text)) continue;
    const reason = await whyRefused(command);
    if (reason !== undefined) all.push(`${command.text}: ${reason}`);
  }
  return all;
}

const pages = tree
  .filter(({ path }) => path.endsWith('.md'))
  .map(({ path, text }) => [path, commandsInMarkdown(text)] as const)
  .filter(([, named]) => named.length > 0);
const helpOf = commandList.flatMap((entry) =>
  isGroup(entry) ? [[entry.name], ...entry.commands.map(({ name }) => [entry.name, name])] : [[entry.name]],
);

describe('the reader of texts', () => {
  it('splits a line as a shell does', () => {
    expect(shellWords(`firmseal job approve "$(cat job.id)" --x 'a b' &`)).toEqual([
      ...['firmseal', 'job', 'approve', '$(cat job.id)', '--x', 'a b'],
    ]);
    expect(shellWords('firmseal completion bash > file # to keep')).toEqual([
      'firmseal',
      'completion',
      'bash',
    ]);
  });

  it('finds what does not exist', async () => {
    const named = commandsInMarkdown(
      '`firmseal key create` and `firmseal seal --entrance`\n```sh\nfirmseal keys new\n```\n',
    );
    expect(await refusals(named)).toEqual([
      expect.stringContaining("required option '--role <role>'"),
      expect.stringContaining("unknown command 'key'"),
      expect.stringContaining("unknown option '--entrance'"),
    ]);
    expect(await refusals(commandsInBackticks('`firmseal keys new` or `firmseal seal --out FILE`'))).toEqual(
      [],
    );
  });
});

it('errors and remedies', async () => {
  const named = errorTexts.flatMap(commandsInBackticks);
  expect(named.length).toBeGreaterThan(15);
  expect(await refusals(named)).toEqual([]);
});

it('errors and remedies name a command by its whole name, and options that exist', () => {
  const commands = new Set(commandList.map(({ name }) => name));
  const short = errorTexts.filter((text) =>
    [...text.matchAll(/`([a-z-]+) [^`]*`/g)].some(([, first]) => commands.has(first!)),
  );
  expect(short).toEqual([]);
  const ours = errorTexts.map((text) => text.replaceAll(/\b(?:objcopy|npm|pkcs11-tool) [^),.`]*/g, ''));
  const named = ours.flatMap((text) => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);
  expect(named.filter((option) => !everyOption.has(option))).toEqual([]);
});

it.each(pages)('%s', async (_, named) => {
  expect(await refusals(named)).toEqual([]);
});

it('help texts', async () => {
  let examples = 0;
  for (const words of helpOf) {
    const { stdout } = await runHere([...words, '--help']);
    const named = commandsInLines(stdout).filter(({ text }) => !text.startsWith('firmseal [options]'));
    examples += named.length;
    expect(await refusals(named)).toEqual([]);
  }
  expect(examples).toBeGreaterThan(20);
});

it('comments and lines that the sources print', async () => {
  const sources = tree.filter(
    ({ path }) =>
      /^(?:apps|packages|tools)\/.*\.ts$/.test(path) && !/\.test\.ts$|fault\/src\/table\.ts$/.test(path),
  );
  const named = sources.flatMap(({ text }) => commandsInBackticks(text));
  expect(named.length).toBeGreaterThan(20);
  expect(await refusals(named)).toEqual([]);
});
