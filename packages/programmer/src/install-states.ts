// The states of an install and where each may lead, in one table; install.ts refuses any other move. What a
// state does stands in install-steps.ts, what a fault in it leads to in the column `retry` of spec/errors.
//
//   opening -> hello -> licensing -> package -> license -> records -> receipt -> storing -> closing -> passed
// with the short cuts: hello -> package when a license is at hand, hello -> receipt when the chip already
// holds the package; and from every working state to restarting (link lost, chip reset) or failed.

export interface InstallState {
  /** Of one visit. */
  readonly deadlineMs: number;
  readonly next: readonly string[];
}

export const installStates = {
  opening: { deadlineMs: 30_000, next: ['hello', 'restarting', 'failed'] },
  hello: { deadlineMs: 120_000, next: ['licensing', 'package', 'receipt', 'restarting', 'failed'] },
  licensing: { deadlineMs: 120_000, next: ['package', 'restarting', 'failed'] },
  package: { deadlineMs: 60_000, next: ['license', 'restarting', 'failed'] },
  license: { deadlineMs: 300_000, next: ['records', 'restarting', 'failed'] },
  records: { deadlineMs: 1_800_000, next: ['receipt', 'restarting', 'failed'] },
  receipt: { deadlineMs: 120_000, next: ['storing', 'restarting', 'failed'] },
  storing: { deadlineMs: 120_000, next: ['closing', 'restarting', 'failed'] },
  closing: { deadlineMs: 120_000, next: ['passed'] },
  restarting: { deadlineMs: 60_000, next: ['opening', 'failed'] },
  passed: { deadlineMs: 0, next: [] },
  failed: { deadlineMs: 0, next: [] },
} as const satisfies Record<string, InstallState>;

export type InstallStateName = keyof typeof installStates;
export type FinalState = 'passed' | 'failed';
export type WorkingState = Exclude<InstallStateName, FinalState>;

export function mayFollow(from: InstallStateName, to: InstallStateName): boolean {
  return (installStates[from].next as readonly string[]).includes(to);
}
