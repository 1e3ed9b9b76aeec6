// Takes a defence out of the agent's C, for tests that must notice. A defence that a test takes out carries a
// mark in the source, `/* Defence NAME */` (a reason may follow a colon), right before the statement or the
// #define that it is. A test names the defence and says what stands there instead; where the statement is and
// how it is written is left to the C. Why: docs/decisions/0082-defences-carry-marks.md.

/** The name of a defence, and what stands in its place: C, or nothing. */
export type Weakening = Readonly<Record<string, string>>;

const mark = /\/\* Defence ([a-z0-9-]+)(?::[^*]*)? ?\*\//g;

/** Names of the defences that are marked in a source, in order; a name may come more than once. */
export const defencesIn = (text: string): string[] => [...text.matchAll(mark)].map(([, name]) => name!);

/** Where the statement or directive that begins at `start` ends. */
function endOf(text: string, start: number): number {
  if (text[start] === '#') {
    const end = /(?<!\\)\n/.exec(text.slice(start));
    return end === null ? text.length : start + end.index;
  }
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const letter = text[at]!;
    if ('({['.includes(letter)) depth++;
    if (')}]'.includes(letter)) depth--;
    if (depth === 0 && (letter === ';' || letter === '}')) return at + 1;
  }
  throw new Error(`no statement ends after: ${text.slice(start, start + 60)}`);
}

/** The text with something else at every place of the defence; undefined where it is not marked. */
function without(text: string, name: string, instead: string): string | undefined {
  let changed: string | undefined;
  let from = 0;
  for (const found of text.matchAll(mark)) {
    if (found[1] !== name) continue;
    const afterMark = found.index + found[0].length;
    // In a macro the mark ends its line with a backslash.
    const gap = /^(?:\s|\\\n)*/.exec(text.slice(afterMark))![0].length;
    const start = afterMark + gap;
    changed = (changed ?? '') + text.slice(from, start) + instead;
    from = endOf(text, start);
  }
  return changed === undefined ? undefined : changed + text.slice(from);
}

/**
 * The sources that change, by the names that they were given with. Throws for a defence that no source
 * marks: the test would take nothing away.
 */
export function weakened(sources: ReadonlyMap<string, string>, weakening: Weakening): Map<string, string> {
  const changed = new Map<string, string>();
  for (const [defence, instead] of Object.entries(weakening)) {
    let isMarked = false;
    for (const [name, original] of sources) {
      const text = without(changed.get(name) ?? original, defence, instead);
      if (text === undefined) continue;
      isMarked = true;
      changed.set(name, text);
    }
    if (!isMarked) throw new Error(`no source marks the defence ${defence}`);
  }
  return changed;
}
