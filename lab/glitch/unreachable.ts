// Decisions that no run of the agent gets to by itself: what the compiler made of a check that holds whatever comes in. A
// run of the campaign names them, and fails when one of them was reached after all, or is no longer there.

interface Unreachable {
  readonly function: string;
  /** The line of the source that the decision stands in. */
  readonly text: string;
  /** In that many places of the machine code. */
  readonly copies: number;
  readonly reason: string;
}

/** None at present. */
export const unreachable: readonly Unreachable[] = [];
