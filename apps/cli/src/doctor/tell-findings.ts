// Findings as a table for people, and an event each for machines.

import type { Face } from '../face.ts';
import type { Finding, FindingState } from './finding.ts';

const marks: Readonly<Record<FindingState, string>> = {
  good: 'good',
  note: 'NOTE',
  problem: 'PROBLEM',
  'not-looked': '-',
};

/** How many of them are problems. */
export function tellFindings(face: Face, findings: readonly Finding[]): number {
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const finding of findings) {
    const { check, state, says, remedy } = finding;
    face.tell(
      { event: 'finding', ...finding },
      `${marks[state].padEnd(7)}  ${check.padEnd(width)}  ${says}`,
      ...(remedy === undefined ? [] : [`         ${' '.repeat(width)}  What to do: ${remedy}`]),
    );
  }
  return findings.filter(({ state }) => state === 'problem').length;
}
