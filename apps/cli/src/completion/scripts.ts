// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what the shells expand
// Completion scripts for bash, zsh and fish. Each walks the words of the line to the command that they name,
// then offers what that command takes; where it takes a file, the shell's own completion does the rest.

import type { CompletableCommand } from './command-tree.ts';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const flagsOf = ({ options }: CompletableCommand): string[] => options.map(({ flag }) => flag);
const pathsOf = (commands: readonly CompletableCommand[]): string =>
  commands.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join('|');

/**
 * The arms of `case "$path $previous"`, for options that take a word: their choices, or nothing for a file.
 */
function valueArms(commands: readonly CompletableCommand[], offer: (choices: string) => string): string[] {
  return commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, takes, choices }) =>
      takes === 'word' ? [`    ${quote(`${path} ${flag}`)}) ${offer(choices.join(' '))}; return ;;`] : [],
    ),
  );
}

/** The arms of `case "$path"`: what may stand next, and the options once a dash was typed. */
function commandArms(commands: readonly CompletableCommand[]): string[] {
  return commands.map((command) => {
    const next = [...command.commands.map(({ name }) => name), ...command.words].join(' ');
    return `    ${quote(command.path)}) next=${quote(next)} flags=${quote(flagsOf(command).join(' '))} ;;`;
  });
}

/** Lines that set `path` to the command that the words before the cursor name. */
const walk = (commands: readonly CompletableCommand[], words: string): string[] => [
  `  for word in ${words}; do`,
  '    case "${path:+$path }$word" in',
  `      ${pathsOf(commands)}) path="\${path:+$path }$word" ;;`,
  '    esac',
  '  done',
];

function bash(commands: readonly CompletableCommand[]): string[] {
  return [
    '# firmseal completion for bash: source <(firmseal completion bash)',
    '_firmseal() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    "  local path='' word next='' flags=''",
    '  COMPREPLY=()',
    ...walk(commands, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"'),
    '  case "$path $previous" in',
    ...valueArms(commands, (choices) =>
      choices === '' ? ':' : `COMPREPLY=($(compgen -W ${quote(choices)} -- "$current"))`,
    ),
    '  esac',
    '  case "$path" in',
    ...commandArms(commands),
    '  esac',
    '  [[ $current == -* ]] && next="$flags"',
    '  COMPREPLY=($(compgen -W "$next" -- "$current"))',
    '}',
    'complete -o default -F _firmseal firmseal',
  ];
}

function zsh(commands: readonly CompletableCommand[]): string[] {
  return [
    '#compdef firmseal',
    '# firmseal completion for zsh: source <(firmseal completion zsh)',
    '_firmseal() {',
    '  local current="$words[CURRENT]" previous="$words[CURRENT-1]"',
    // `path` is zsh's own: the folders of PATH.
    "  local at='' word next='' flags=''",
    ...walk(commands, '"${(@)words[2,CURRENT-1]}"').map((line) => line.replaceAll('path', 'at')),
    '  case "$at $previous" in',
    ...valueArms(commands, (choices) => (choices === '' ? '_files' : `compadd -- ${choices}`)),
    '  esac',
    '  case "$at" in',
    ...commandArms(commands),
    '  esac',
    '  if [[ $current == -* ]]; then compadd -- ${=flags}',
    '  elif [[ -n $next ]]; then compadd -- ${=next}',
    '  else _files',
    '  fi',
    '}',
    'compdef _firmseal firmseal',
  ];
}

function fish(commands: readonly CompletableCommand[]): string[] {
  const at = (path: string): string => `-n ${quote(`__firmseal_at ${JSON.stringify(path)}`)}`;
  const lines = commands.flatMap(({ path, commands: below, options, words }) => [
    ...below.map(({ name, about }) => `complete -c firmseal ${at(path)} -f -a ${name} -d ${quote(about)}`),
    ...(words.length > 0 ? [`complete -c firmseal ${at(path)} -f -a ${quote(words.join(' '))}`] : []),
    ...options.map(({ flag, about, takes, choices }) => {
      const value =
        takes === 'nothing' ? '' : choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : ' -r';
      return `complete -c firmseal ${at(path)} -l ${flag.replace(/^--/, '')}${value} -d ${quote(about)}`;
    }),
  ]);
  return [
    '# firmseal completion for fish: firmseal completion fish | source',
    'function __firmseal_at',
    "  set -l at ''",
    '  for word in (commandline -opc)[2..-1]',
    '    switch (string trim "$at $word")',
    `      case ${commands.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join(' ')}`,
    '        set at (string trim "$at $word")',
    '    end',
    '  end',
    '  test "$at" = "$argv[1]"',
    'end',
    ...lines,
  ];
}

export const completionShells = ['bash', 'zsh', 'fish'] as const;

const writers = { bash, zsh, fish } as const;

export const completionScript = (
  shell: (typeof completionShells)[number],
  commands: readonly CompletableCommand[],
): readonly string[] => writers[shell](commands);
