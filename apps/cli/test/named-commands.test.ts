// Every command of firmseal that a text names exists, with the options that it names: in errors and remedies, in
// all pages, in help texts, in comments and printed lines.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultTable } from '@firmseal/fault';
import { describe, expect, it } from 'vitest';
import { commandList, isGroup } from '../src/command-list.ts';
import {
  commandsInBackticks,
  commandsInLines,
  commandsInMarkdown,
  type NamedCommand,
  shellWords,
  whyRefused,
} from './named-commands.ts';
import { runHere } from './run-here.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'));
}

async function refusals(commands: readonly NamedCommand[]): Promise<string[]> {
  const all: string[] = [];
  for (const command of commands) {
    const reason = await whyRefused(command);
    if (reason !== undefined) all.push(`${command.text}: ${reason}`);
  }
  return all;
}

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['apps', 'bench', 'docs', 'examples', 'lab', 'packages', 'spec', 'vectors'].flatMap((folder) =>
    existsSync(join(root, folder)) ? filesUnder(folder, '.md').map((path) => path.slice(root.length)) : [],
  ),
];
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
  const texts = Object.values(faultTable).flatMap(({ sentence, remedy }) => [sentence, remedy]);
  const named = texts.flatMap(commandsInBackticks);
  expect(named.length).toBeGreaterThan(15);
  expect(await refusals(named)).toEqual([]);
});

it('errors and remedies name a command by its whole name', () => {
  const words = new Set(commandList.map(({ name }) => name));
  for (const { sentence, remedy } of Object.values(faultTable))
    for (const [, first] of `${sentence} ${remedy}`.matchAll(/`([a-z-]+) [^`]*`/g))
      expect(words.has(first!) ? `${remedy}: "${first}" without firmseal before it` : '').toBe('');
});

it.each(pages)('%s', async (page) => {
  expect(await refusals(commandsInMarkdown(readFileSync(join(root, page), 'utf8')))).toEqual([]);
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
  const sources = ['apps', 'packages', 'tools'].flatMap((folder) => filesUnder(folder, '.ts'));
  const named = sources
    .filter((path) => !path.endsWith('.test.ts') && !path.endsWith('table.ts'))
    .flatMap((path) => commandsInBackticks(readFileSync(path, 'utf8')));
  expect(named.length).toBeGreaterThan(20);
  expect(await refusals(named)).toEqual([]);
});
