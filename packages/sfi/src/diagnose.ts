// What the state of a chip means: what it allows, the way back and what that erases, and whether an install
// may start from it. And the one refusal that saves chips: none is closed before its debug authentication is
// provisioned.

import { Fault } from '@firmseal/fault';
import { type Cause, findCauses } from './causes.ts';
import { type LifeState, lifeState, type SfiFamily } from './families.ts';
import { lifecycles, type StateRead } from './outcome.ts';

export interface Diagnosis {
  /** Value of the family's state field. */
  readonly value?: number;
  readonly state?: LifeState;
  readonly mayStart: boolean;
  /** One sentence each: why an install cannot start. */
  readonly obstacles: readonly string[];
  /** The way to a state from which an install may start. */
  readonly remedy: string;
  readonly causes: readonly Cause[];
}

const hex = (value: number): string => `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;

function stateValue(family: SfiFamily, { fields, lifecycle }: StateRead): number | undefined {
  return fields[family.stateField] ?? (lifecycle === undefined ? undefined : lifecycles[lifecycle]);
}

export function diagnose(
  family: SfiFamily,
  read: StateRead,
  logs: readonly { lines: readonly string[] }[] = [],
): Diagnosis {
  const value = stateValue(family, read);
  const state = value === undefined ? undefined : lifeState(family, value);
  const starts = family.startStates.map(hex).join(' or ');
  const obstacles: string[] = [];
  if (value === undefined)
    obstacles.push(`${family.stateField} could not be read; an install starts from ${starts}`);
  else if (!family.startStates.includes(value))
    obstacles.push(
      `${family.stateField} is ${hex(value)}${state === undefined ? '' : `, ${state.name}`}; an install starts from ${starts}`,
    );
  const unmet = family.before.filter(({ field, value: wanted }) => {
    const found = read.fields[field];
    return found !== undefined && found !== wanted;
  });
  for (const { field, says } of unmet) obstacles.push(`${field} is ${hex(read.fields[field]!)}: ${says}`);
  const lines = logs.flatMap((log) => log.lines);
  const causes = findCauses({
    family: family.id,
    asked: true,
    failed: obstacles.length > 0,
    fields: { ...read.fields, ...(value === undefined ? {} : { [family.stateField]: value }) },
    log: { ...emptyLog, lines },
  });
  return {
    ...(value === undefined ? {} : { value }),
    ...(state === undefined ? {} : { state }),
    mayStart: obstacles.length === 0,
    obstacles,
    remedy: unmet[0]?.remedy ?? wayBackText(state),
    causes,
  };
}

const emptyLog = {
  recognized: true,
  areas: [],
  steps: [],
  errors: [],
  warnings: [],
  fields: {},
  lines: [],
  namesCard: false,
} as const;

/** The remedy that a state has by itself. */
export function wayBackText(state: LifeState | undefined): string {
  if (state === undefined)
    return 'Read the state again: connect under hotplug, check power and reset wiring.';
  if (state.allows === 'everything') return 'The chip is open.';
  return state.wayBack === undefined
    ? 'No way leads back from this state.'
    : `Way back: ${state.wayBack}. It erases ${state.lost}.`;
}

const provisioned = 0xeaeaeaea;

/**
 * Whether a chip may be closed into a state. Throws `sfi-close-refused` without the integrity status of
 * provisioned data, and for a state from which no way leads back.
 */
export function refuseToClose(family: SfiFamily, wanted: LifeState, integrity: number | undefined): void {
  const refuse = (reason: string): never => {
    throw new Fault('sfi-close-refused', { reason });
  };
  if (wanted.allows === 'everything') refuse('that state is open');
  if (wanted.wayBack === undefined) refuse(`${wanted.name} has no way back; firmseal does not set it`);
  if (family.stateField !== 'PRODUCT_STATE')
    refuse(`${family.name} has no debug authentication that ST's tool tells of`);
  if (integrity === undefined) refuse('a discovery told no integrity status');
  if (integrity !== provisioned) refuse(`the integrity status is 0x${integrity!.toString(16)}`);
}
