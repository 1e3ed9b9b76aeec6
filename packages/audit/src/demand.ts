// A check of the audit: what does not hold is thrown, and becomes the detail of a finding.

export function demand(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new Error(detail);
}
