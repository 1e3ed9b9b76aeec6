// Command lines of firmseal that a text names: in backticks, in blocks of code, in examples of help texts.
// And whether the real parser takes them, with every command's run left out.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { deskFileName } from '../src/desk/find-desk.ts';
import { deskFileFor } from '../src/desk/make-desk.ts';
import { makeProgram } from '../src/program.ts';
import { memoryShell } from './run-here.ts';

export interface NamedCommand {
  readonly text: string;
  /** A line to copy has to be whole; a command that a sentence names may lack what it needs to run. */
  readonly whole: boolean;
}

/** The words of a line as a shell splits it, up to what ends the command. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  const token = /\s*(?:([&|;<>#)].*)|((?:"(?:\$\([^)]*\)|[^"])*"|'[^']*'|\$\([^)]*\)|[^\s"'&|;<>)])+))/gy;
  for (const [, end, word] of line.matchAll(token)) {
    if (end !== undefined) break;
    words.push(word!.replace(/^(["'])(.*)\1$/s, '$2'));
  }
  return words;
}

/** Lines that continue on the next are joined first. */
const joinedLines = (text: string): string[] => text.replace(/\\\n\s*/g, ' ').split('\n');

/** Commands in Markdown: blocks of code line by line, then what stands in backticks. */
export function commandsInMarkdown(text: string): NamedCommand[] {
  const found: NamedCommand[] = [];
  const prose = text.replace(/^```(\w*)\n([\s\S]*?)^```/gm, (_, language: string, block: string) => {
    if (language !== 'ts' && language !== 'mermaid') found.push(...commandsInLines(block));
    return '';
  });
  return [...found, ...commandsInBackticks(prose)];
}

export const commandsInBackticks = (text: string): NamedCommand[] =>
  [...text.matchAll(/`(firmseal\s[^`]*)`/g)].map(([, command]) => ({
    text: command!.replace(/\s+/g, ' '),
    whole: false,
  }));

/** `firmseal ...` and `$ firmseal ...` at the start of a line or behind a variable, `npx` or `source <(`. */
export function commandsInLines(text: string): NamedCommand[] {
  const start = /^(?:\s*\$ |\s*|.*[;&|] |[A-Z_]+=\S+ )(?:npx |source <\()?(firmseal(?:\s.*)?)$/;
  return joinedLines(text).flatMap((line) => {
    const command = start.exec(line)?.[1];
    return command === undefined ? [] : [{ text: command, whole: !command.includes('...') }];
  });
}

const mayBeMissing = ['commander.missingArgument', 'commander.optionMissingArgument', 'commander.help'];
const isShown = ['commander.helpDisplayed', 'commander.version'];
/** `FILE`, `{chip}`, `<job>`: a value that stands for one. */
const isPlaceholder = (word: string) => /^(?:[A-Z][A-Z-]+|\{.*\}|<.*>|\.\.\.)$/.test(word);

/** Some id, for words that stand for one: JOB, what a shell puts in from a file, and a chip's DEVICE. */
function filledIn(word: string): string {
  if (word === 'DEVICE') return '0'.repeat(64);
  return /^(?:JOB|\$\(cat job.id\))$/.test(word) ? '0'.repeat(32) : word;
}

/**
 * Looks at a command in a desk that knows everything a desk can know: there, a line to copy may leave it out.
 */
async function inFullDesk<T>(look: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-full-desk-'));
  const places = { sockets: ['tcp:127.0.0.1:1'], ways: ['virtual:127.0.0.1:2'] };
  const plan = { product: 'panel', chip: 'stm32f427', url: 'http://127.0.0.1:1', ...places };
  try {
    writeFileSync(join(folder, deskFileName), JSON.stringify({ ...deskFileFor('.', plan) }));
    writeFileSync(join(folder, 'job.id'), '0'.repeat(32));
    return await look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Nothing runs; and nothing is mandatory where the command may lack something. */
function disarm(command: CommandUnknownOpts, whole: boolean): void {
  if (command.commands.length === 0) command.action(() => undefined);
  if (!whole) for (const option of command.options) option.makeOptionMandatory(false);
  for (const one of command.commands) disarm(one, whole);
}

/** Why firmseal would not take the command; undefined when it does. */
export const whyRefused = (named: NamedCommand): Promise<string | undefined> =>
  inFullDesk((folder) => refusalIn(named, folder));

async function refusalIn({ text, whole }: NamedCommand, folder: string): Promise<string | undefined> {
  const words = shellWords(text).slice(1).map(filledIn);
  if (words.length === 0 || isPlaceholder(words[0]!)) return undefined;
  const program = await makeProgram(memoryShell({}, { folder }).shell, words);
  disarm(program, whole);
  try {
    await program.parseAsync(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (isShown.includes(error.code)) return undefined;
      if (!whole && mayBeMissing.includes(error.code)) return undefined;
    } else if (!(error instanceof Fault)) throw error;
    return words.some(isPlaceholder) && !whole ? undefined : error.message;
  }
}
