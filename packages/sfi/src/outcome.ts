// What an install by ST's tool came to. Neither its exit status nor a single line with "Error" is believed:
// a positive line and the state that was read back afterwards decide. ST's installer gives no proof, so the
// best outcome is DONE-UNPROVEN.

import { type Cause, findCauses, isHarmless } from './causes.ts';
import type { LoggedError, ToolLog } from './tool-log.ts';

export type SfiOutcome = 'DONE-UNPROVEN' | 'FAILED' | 'UNKNOWN';

/** Option bytes that the chip must show afterwards. */
export type ExpectedState = Readonly<Record<string, number>>;

export interface StateRead {
  /** Option bytes by name. */
  readonly fields: Readonly<Record<string, number>>;
  readonly lifecycle?: string;
}

export interface Judgement {
  readonly outcome: SfiOutcome;
  /** One sentence each. */
  readonly reasons: readonly string[];
  readonly causes: readonly Cause[];
  /** Errors of the tool that no good install shows. */
  readonly errors: readonly LoggedError[];
}

export const realErrors = (log: ToolLog): LoggedError[] =>
  log.errors.filter(({ text }) => !isHarmless(text, { finished: log.positive !== undefined }));

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

/** Names that the discovery of debug authentication gives the states of H5 and H7RS. */
export const lifecycles: Readonly<Record<string, number>> = {
  ST_LIFECYCLE_OPEN: 0xed,
  ST_LIFECYCLE_PROVISIONING: 0x17,
  ST_LIFECYCLE_IROT_PROVISIONED: 0x2e,
  ST_LIFECYCLE_TZ_CLOSED: 0xc6,
  ST_LIFECYCLE_CLOSED: 0x72,
  ST_LIFECYCLE_LOCKED: 0x5c,
};

/** The value that was read for a name; a discovery tells PRODUCT_STATE. */
function readValue(name: string, state: StateRead): number | undefined {
  const found = state.fields[name];
  if (found !== undefined || name !== 'PRODUCT_STATE' || state.lifecycle === undefined) return found;
  return lifecycles[state.lifecycle];
}

export interface StateComparison {
  readonly same: readonly string[];
  readonly different: readonly string[];
  readonly unread: readonly string[];
}

export function compareState(expected: ExpectedState, state: StateRead): StateComparison {
  const same: string[] = [];
  const different: string[] = [];
  const unread: string[] = [];
  for (const [name, value] of Object.entries(expected)) {
    const found = readValue(name, state);
    if (found === undefined) unread.push(name);
    else if (found === value) same.push(name);
    else different.push(`${name} is ${hex(found)}, not ${hex(value)}`);
  }
  return { same, different, unread };
}

export interface ToJudge {
  readonly log: ToolLog;
  readonly family: NonNullable<Parameters<typeof findCauses>[0]['family']>;
  readonly expected: ExpectedState;
  /** Undefined where the chip did not answer afterwards. */
  readonly state: StateRead | undefined;
  readonly installedBefore: boolean;
}

/** Whether the state is read that the install must have set: the first name is the state of the life. */
export function judge({ log, family, expected, state, installedBefore }: ToJudge): Judgement {
  const errors = realErrors(log);
  const compared = state === undefined ? undefined : compareState(expected, state);
  const about = (failed: boolean) =>
    findCauses({
      log,
      family,
      failed,
      installedBefore,
      unreachable: state === undefined,
      ...(state === undefined ? {} : { fields: { ...state.fields, ...productState(state) } }),
    });
  const give = (outcome: SfiOutcome, ...reasons: string[]): Judgement => ({
    outcome,
    reasons,
    errors,
    causes: outcome === 'DONE-UNPROVEN' ? [] : about(outcome === 'FAILED'),
  });
  const said = log.positive !== undefined;
  if (compared !== undefined && compared.different.length > 0)
    return give(
      'FAILED',
      `${said ? "ST's tool says that it is done, but" : ''} the state read back is another: ${compared.different.join('; ')}`.trim(),
    );
  if (errors.length > 0 && !said) return give('FAILED', `ST's tool says: ${errors.at(-1)!.text}`);
  if (!said) return give('UNKNOWN', "ST's tool ended without the line that says that it is done");
  if (errors.length > 0)
    return give('UNKNOWN', `ST's tool says that it is done, and also: ${errors[0]!.text}`);
  if (compared === undefined) return give('UNKNOWN', 'the state of the chip could not be read afterwards');
  if (compared.same.length === 0)
    return give('UNKNOWN', 'nothing of the state that the install sets could be read afterwards');
  if (compared.unread.length > 0 && compared.unread.includes(Object.keys(expected)[0]!))
    return give('UNKNOWN', `${compared.unread.join(', ')} could not be read afterwards`);
  return give(
    'DONE-UNPROVEN',
    `ST's tool says that it is done, and ${compared.same.join(', ')} read as asked; the chip signs nothing`,
  );
}

function productState(state: StateRead): Record<string, number> {
  const value = readValue('PRODUCT_STATE', state);
  return value === undefined ? {} : { PRODUCT_STATE: value };
}
