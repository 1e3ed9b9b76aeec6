// What a check of `firmseal doctor` found: one sentence, and what to do where something is in the way.

export type FindingState = 'good' | 'note' | 'problem' | 'not-looked';

export interface Finding {
  /** Name of the check, the same on every machine. */
  readonly check: string;
  readonly state: FindingState;
  readonly says: string;
  /** There for every note and problem. */
  readonly remedy?: string;
}

export const good = (check: string, says: string): Finding => ({ check, state: 'good', says });
export const note = (check: string, says: string, remedy: string): Finding => ({
  ...{ check, state: 'note', says, remedy },
});
export const problem = (check: string, says: string, remedy: string): Finding => ({
  ...{ check, state: 'problem', says, remedy },
});
/** The check has no meaning here, or cannot be made; `says` tells why. */
export const notLooked = (check: string, says: string): Finding => ({ check, state: 'not-looked', says });
