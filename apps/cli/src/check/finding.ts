// What `firmseal check` finds: one thing each, for machines a record and for people a line.

import { type Fault, faultLabel } from '@firmseal/fault';

export interface Finding {
  /** `change`: what an install will change in a chip. */
  readonly outcome: 'ok' | 'change' | 'note' | 'problem';
  /** What was looked at: a package, a chip, a file. */
  readonly subject: string;
  readonly says: string;
  readonly fault?: Fault | undefined;
}

/** Runs a check; its fault is the finding, and `undefined` what it could not give. */
export function tried<T>(findings: Finding[], subject: string, check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!isFault(error)) throw error;
    findings.push(problem(subject, error));
    return undefined;
  }
}

const isFault = (error: unknown): error is Fault => error instanceof Error && error.name === 'Fault';

export const problem = (subject: string, fault: Fault): Finding => ({
  ...{ outcome: 'problem', subject, fault },
  says: `${faultLabel(fault.code)} ${fault.message} ${fault.remedy}`,
});

export const findingLine = ({ outcome, subject, says }: Finding): string =>
  `${outcome.padEnd(8)}${subject}: ${says}`;
