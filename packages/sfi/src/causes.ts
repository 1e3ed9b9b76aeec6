// From the words of ST's tools to a cause, a remedy and whether a license was spent. The table is
// data/causes.json, each row with its public source; docs/st-errors.md is generated from it. Nothing of it
// was tried by us.

import table from '../data/causes.json' with { type: 'json' };
import type { FamilyId } from './families.ts';
import { type InstallStep, lastStep, type ToolLog } from './tool-log.ts';

/** Every condition that is there must hold. */
interface CauseMatch {
  /** Regular expressions, each to be found in some line. */
  readonly text?: readonly string[];
  readonly families?: readonly FamilyId[];
  readonly devices?: readonly number[];
  readonly probe?: 'j-link';
  readonly fields?: Readonly<Record<string, number>>;
  readonly lastStep?: InstallStep;
  readonly failed?: boolean;
  readonly positive?: boolean;
  readonly unreachable?: boolean;
  readonly installedBefore?: boolean;
  /** Told when somebody asks about the state of a chip, not after an install. */
  readonly asked?: boolean;
  readonly file?: 'option-bytes';
  readonly rowsWrong?: boolean;
  readonly command?: 'program-card';
}

export interface Cause {
  readonly id: string;
  readonly kind: 'harmless' | 'install' | 'around';
  readonly text: string;
  readonly on?: string;
  readonly cause: string;
  readonly remedy?: string;
  readonly license?: string;
  readonly source: string;
  readonly match: CauseMatch;
}

export const causes: readonly Cause[] = table.causes as readonly Cause[];

export const findCause = (id: string): Cause | undefined => causes.find((cause) => cause.id === id);

/** What is known when a cause is looked for. */
export interface Situation {
  readonly log?: ToolLog;
  /** Known otherwise than from the log. */
  readonly family?: FamilyId;
  readonly failed?: boolean;
  /** The chip answered no more after the install. */
  readonly unreachable?: boolean;
  /** This chip was installed before, with this station's books. */
  readonly installedBefore?: boolean;
  readonly asked?: boolean;
  readonly file?: 'option-bytes';
  readonly rowsWrong?: boolean;
  readonly command?: 'program-card';
  readonly fields?: Readonly<Record<string, number>>;
}

function holds(match: CauseMatch, now: Situation): boolean {
  const { log } = now;
  const lines = log?.lines ?? [];
  const family = now.family ?? log?.family?.id;
  const fields = { ...log?.fields, ...now.fields };
  const flags = ['failed', 'unreachable', 'installedBefore', 'asked', 'rowsWrong'] as const;
  if (flags.some((flag) => match[flag] === true && now[flag] !== true)) return false;
  if (match.file !== undefined && match.file !== now.file) return false;
  if (match.command !== undefined && match.command !== now.command) return false;
  if (match.positive === true && log?.positive === undefined) return false;
  // An unknown family or probe rules nothing out.
  if (match.families !== undefined && family !== undefined && !match.families.includes(family)) return false;
  if (match.families !== undefined && family === undefined && match.text === undefined) return false;
  if (match.devices !== undefined && !match.devices.includes(log?.deviceId ?? -1)) return false;
  if (match.probe !== undefined && match.probe !== log?.probe) return false;
  if (match.lastStep !== undefined && (log === undefined || lastStep(log) !== match.lastStep)) return false;
  for (const [name, value] of Object.entries(match.fields ?? {})) if (fields[name] !== value) return false;
  return (match.text ?? []).every((words) => {
    const form = new RegExp(words);
    return lines.some((line) => form.test(line));
  });
}

/** Words count most: a row that quotes the tool says more than one that only fits the chip. */
const weight = ({ match }: Cause): number =>
  10 * (match.text?.length ?? 0) + Object.keys(match).length + Object.keys(match.fields ?? {}).length;

/**
 * The rows that fit, the one that says most first; rows that quote no words only where no row does. Harmless
 * lines are not among them.
 */
export function findCauses(now: Situation): Cause[] {
  const found = causes
    .filter(({ kind, match }) => kind !== 'harmless' && holds(match, now))
    .sort((one, other) => weight(other) - weight(one));
  const quoting = found.filter(({ match }) => match.text !== undefined);
  return quoting.length > 0 ? quoting : found;
}

const harmless = causes
  .filter(({ kind }) => kind === 'harmless')
  .flatMap(({ match }) => (match.text ?? []).map((words) => new RegExp(words)));

/**
 * A line that reads like an error and belongs to good installs; `finished`: the tool said that it is done.
 */
export function isHarmless(line: string, { finished }: { finished: boolean }): boolean {
  if (/failed to reconnect after reset/.test(line)) return finished;
  return harmless.some((words) => words.test(line));
}
