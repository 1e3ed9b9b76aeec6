// Options and arguments that a command line leaves out, from the desk file. Only what a command cannot do
// without is filled in, and the few options that make sense whenever there is a desk.

import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { type CommandUnknownOpts, InvalidArgumentError } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { readText } from '../files.ts';
import type { Shell } from '../shell.ts';
import { type Desk, readDesk } from './desk-file.ts';
import { noteTaken } from './taken.ts';

type Value = string | readonly string[] | undefined;

/** As short as it can be said from here. */
function fileOf({ file }: Desk, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const whole = isAbsolute(path) ? path : join(dirname(file), path);
  const near = relative(process.cwd(), whole);
  return near.startsWith('..') ? whole : near;
}

/** The id in the file that `firmseal job open` wrote; none before that. */
function jobOf(desk: Desk): Value {
  const file = fileOf(desk, desk.content.line?.job);
  return file === undefined || !existsSync(file) ? undefined : readText(file);
}

/** Commands that do a line's work, which the authority takes from the token of a line alone. */
const ofTheLine = new Set(['install', 'license', 'batch deliver']);

/** By option; `name` is the whole name of the command. */
const options: Readonly<Record<string, (desk: Desk, name: string) => Value>> = {
  '--product': ({ content }) => content.product,
  // The desk's chip is the one of firmseal's agent; what ST's installer works on is named each time.
  '--chip': ({ content }, name) => (name.startsWith('sfi ') ? undefined : content.chip),
  '--root': (desk) => fileOf(desk, desk.content.keys?.root),
  '--root-key': (desk) => fileOf(desk, desk.content.keys?.rootPublic),
  '--signer': (desk) => fileOf(desk, desk.content.keys?.signer),
  '--delegation': (desk) => fileOf(desk, desk.content.keys?.signerDelegation),
  '--device-ca': (desk) => fileOf(desk, desk.content.keys?.deviceCa),
  '--device-ca-delegation': (desk) => fileOf(desk, desk.content.keys?.deviceCaDelegation),
  '--agent-signer': (desk) => fileOf(desk, desk.content.keys?.agentSigner),
  '--agent-delegation': (desk) => fileOf(desk, desk.content.keys?.agentSignerDelegation),
  '--issuer-delegation': (desk) => fileOf(desk, desk.content.keys?.issuerDelegation),
  '--authority-key': (desk) => fileOf(desk, desk.content.keys?.authorityPublic),
  '--approver-key': (desk) => fileOf(desk, desk.content.keys?.approver),
  '--approver-delegation': (desk) => fileOf(desk, desk.content.keys?.approverDelegation),
  '--approval-policy': (desk) => fileOf(desk, desk.content.keys?.approvalPolicy),
  '--epoch-statement': (desk) => fileOf(desk, desk.content.keys?.epochStatement),
  '--authority': ({ content }) => content.authority?.url,
  '--token-file': (desk, name) =>
    fileOf(desk, ofTheLine.has(name) ? desk.content.line?.token : desk.content.authority?.token),
  '--job': jobOf,
  '--id-file': (desk) => fileOf(desk, desk.content.line?.job),
  '--line-token': (desk) => fileOf(desk, desk.content.line?.token),
  '--out': (desk, name) => (name === 'job token' ? fileOf(desk, desk.content.line?.token) : undefined),
  '--socket': ({ content }) => content.places?.sockets,
  '--via': (desk, name) => (name === 'personalize' ? desk.content.places?.ways : undefined),
};

/** Whether a desk file can fill in the option, as `--chip`. */
export const isDeskOption = (long: string): boolean => options[long] !== undefined;

/** By the name of the argument. */
const commandArguments: Readonly<Record<string, (desk: Desk) => Value>> = {
  folder: (desk) => fileOf(desk, desk.content.authority?.folder),
  job: jobOf,
};

/** Commands whose folder or job is the desk's; `init` and `authority init` make one. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  'authority serve': ['folder'],
  'authority add-product': ['folder'],
  'authority token': ['folder'],
  approve: ['job'],
  'job add-package': ['job'],
  'job approve': ['job'],
  'job close': ['job'],
  'job rollout': ['job'],
  'job show': ['job'],
  'job token': ['job'],
  'batch new': ['job'],
};

/** Options that are filled in though the command could do without them. */
const wanted = new Set([
  ...['--agent-delegation', '--epoch-statement', '--id-file', '--line-token'],
  ...['--approver-key', '--approver-delegation', '--approval-policy'],
]);

interface Wanted {
  /** The option that stands for the others when it is given. */
  readonly unless?: string;
  /** The option that asks for the others. */
  readonly with?: string;
  readonly options: readonly string[];
}

/** By command. */
const wantedOf: Readonly<Record<string, readonly Wanted[]>> = {
  install: [
    { unless: '--batch', options: ['--authority', '--token-file', '--job'] },
    { unless: '--unproven', options: ['--socket', '--device-ca-delegation'] },
    { with: '--unproven', options: ['--chip'] },
  ],
  audit: [{ unless: '--evidence', options: ['--authority', '--token-file'] }],
  ...Object.fromEntries(
    [...['job open', 'job add-package', 'job approve', 'job close', 'job void'], 'alarm acknowledge'].map(
      (name) => [name, [{ options: ['--root-key'] }]],
    ),
  ),
  'agent export': [{ options: ['--root-key', '--product'] }],
  personalize: [
    { unless: '--via', options: ['--socket'] },
    { unless: '--site-certifying', options: ['--device-ca'] },
    { with: '--site-certifying', options: ['--authority'] },
  ],
  'site set': [{ options: ['--root-key'] }],
  check: [{ unless: '--root-key', options: ['--root-key', '--device-ca-delegation'] }],
  update: [{ unless: '--root-key', options: ['--root-key', '--device-ca-delegation'] }],
};

type Parse = ((text: string, before: unknown) => unknown) | undefined;

/** The value as the command's own parser takes it. Throws `desk-file-invalid`. */
function parsed({ file }: Desk, name: string, value: string | readonly string[], parse: Parse): unknown {
  try {
    if (typeof value === 'string') return parse === undefined ? value : parse(value, undefined);
    return value.reduce<unknown>((before, text) => parse?.(text, before), undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) && !(error instanceof Fault)) throw error;
    const problem = error.message.replace(/\.$/, '');
    throw new Fault('desk-file-invalid', { file, problem: `${name} ${value}: ${problem}` }, { cause: error });
  }
}

/**
 * Fills in what the words leave out, and notes it for the shell. Reads the file only where the command could
 * take something from it. Throws `desk-file-invalid`.
 */
export function applyDesk(
  command: CommandUnknownOpts,
  { name, words, shell, file }: { name: string; words: readonly string[]; shell: Shell; file: string },
): void {
  const isGiven = (long: string) => words.some((word) => word === long || word.startsWith(`${long}=`));
  const more = (wantedOf[name] ?? [])
    .filter((one) => one.unless === undefined || !isGiven(one.unless))
    .filter((one) => one.with === undefined || isGiven(one.with))
    .flatMap((one) => one.options);
  const missing = command.options.filter(
    ({ long, mandatory }) =>
      long !== undefined &&
      options[long] !== undefined &&
      (mandatory || wanted.has(long) || more.includes(long)) &&
      !isGiven(long),
  );
  const open = command.registeredArguments.filter((one) => argumentsOf[name]?.includes(one.name()));
  if (missing.length === 0 && open.length === 0) return;
  const desk = readDesk(file);
  const values: string[] = [];
  for (const option of missing) {
    const value = options[option.long!]!(desk, name);
    if (value === undefined) continue;
    const taken = parsed(desk, option.long!, value, option.parseArg as Parse);
    command.setOptionValueWithSource(option.attributeName(), taken, 'desk');
    values.push(`${option.long} ${[value].flat().join(' ')}`);
  }
  for (const argument of open) {
    const value = commandArguments[argument.name()]!(desk);
    if (typeof value !== 'string') continue;
    argument.argOptional();
    argument.default(parsed(desk, argument.name(), value, argument.parseArg as Parse));
    values.push(`${argument.name()} ${value}`);
  }
  noteTaken(shell, { file: fileOf(desk, file)!, values });
}
