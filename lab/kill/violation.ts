// What a campaign promises and does not find.

/** Its text names what was planned and what was found. */
export class Violation extends Error {}

export function demand(condition: boolean, text: () => string): asserts condition {
  if (!condition) throw new Violation(text());
}
