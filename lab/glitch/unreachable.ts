// Decisions in the machine code that no run reaches without a glitch, because of how the compiler
// built a check that always holds. A run of the campaign names them, and fails when one was reached
// after all, or is no longer there.

interface Unreachable {
  readonly function: string;
  /** The line of the source that the decision stands in. */
  readonly text: string;
  /** Number of its places in the machine code. */
  readonly copies: number;
  readonly reason: string;
}

/** Empty at present. */
export const unreachable: readonly Unreachable[] = [];
