// The command lines of the tree's own tasks (`npm run lab -- fuzz-doors 1000 7`): what is not understood
// ends the task with 2 and one sentence before anything ran, so that a task never does another amount of
// work than the one that was asked for.

/** A command line that is not understood; the message is the sentence to print. */
class UsageError extends Error {}

/**
 * What `read` makes of the words behind the task's name. With `--help` or `-h` among them prints
 * `usage` and ends the process with 0; where `read` throws prints the message and `usage` on
 * standard error and ends it with 2.
 */
export function readCommandLine<T>(
  usage: string,
  read: (words: readonly string[]) => T,
  words: readonly string[] = process.argv.slice(2),
): T {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read(words);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exit(2);
  }
}

/** Ours, and those of Node's parseArgs. */
const isUsageError = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));

/**
 * `text` as a whole number from `least`, written in decimal digits only. Throws
 * UsageError, which calls it `name`.
 */
export function wholeNumber(text: string, name: string, least = 1): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    throw new UsageError(`${name} is a whole number from ${least}, not "${text}".`);
  return value;
}

/** `text` where it is one of `known`. Throws UsageError, which calls it `name` and lists them. */
export function oneOf<T extends string>(text: string, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`"${text}" is no ${name}; there are: ${known.join(', ')}.`);
  return found;
}

/** Throws UsageError where there are more than `most` words. */
export function atMost(words: readonly string[], most: number): void {
  const rest = words.slice(most);
  if (rest.length > 0) throw new UsageError(`Not understood: ${rest.join(' ')}.`);
}
