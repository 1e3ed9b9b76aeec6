// The lines that the campaign prints.

import type { AgentCode } from './agent-code.ts';
import type { ScenarioReport } from './campaign.ts';
import type { PartReport } from './crypto-sample.ts';
import { isBad, type Outcome } from './outcome.ts';
import { unreachable } from './unreachable.ts';

const inWords = (outcomes: ReadonlyMap<Outcome, number>) =>
  [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ');

export function printScenario({
  name,
  addresses,
  steps,
  skippedAt,
  skips,
  flips,
  missed,
  outcomes,
  bypasses,
  gone,
}: ScenarioReport): void {
  console.log(
    `${name}: ${addresses} addresses, ${steps} executions; skipped ${skips[1]} of one and ${skips[2]} of two at ${skippedAt.size} addresses, bits flipped ${flips}: ${inWords(outcomes)}`,
  );
  if (missed > 0) console.log(`  glitches whose execution did not come again: ${missed}`);
  const goneIn = new Map<string, string[]>();
  for (const { address, length, function: name, outcome, again, confirmed } of gone) {
    const ends = [outcome, again, ...(confirmed ? [confirmed] : [])].join(', then ');
    const there = `${name} (${ends})`;
    goneIn.set(there, [...(goneIn.get(there) ?? []), `0x${address.toString(16)}/${length}`]);
  }
  for (const [there, all] of goneIn)
    console.log(`  without a bad end in ${there}: ${all.length}, ${all[0]} first`);
  for (const { address, occurrence, length, flip, outcome, again, confirmed, ...where } of bypasses) {
    const what = flip ? `bit ${flip.bit} of r${flip.register}` : `${length} skipped`;
    console.log(
      `  bypass (${outcome}; once more ${again}, with the agent's cryptography ${confirmed}): 0x${address.toString(16)} in ${where.function}, execution ${occurrence}, ${what}`,
    );
  }
}

/** One line: what was tried on a mutant, and the first bypass. */
export function printMutant(mutant: string, { name, skips, flips, bypasses }: ScenarioReport): void {
  const [first] = bypasses;
  const tried = `${skips[1]} skipped, ${skips[2]} pairs, ${flips} bits`;
  const shown =
    first === undefined
      ? 'no bypass'
      : `bypass (${first.again}) at 0x${first.address.toString(16)} in ${first.function}`;
  console.log(`${mutant}: "${name}", ${tried}: ${shown}`);
}

/** Gives the number of bypasses. */
export function printParts({ part, steps, skips, outcomes, oddNonces }: PartReport): number {
  console.log(
    `${part.scenario}, inside ${part.function}: ${steps} instructions, ${skips} skipped: ${inWords(outcomes)}`,
  );
  const known = oddNonces.filter(({ isKnown }) => isKnown);
  if (oddNonces.length > 0)
    console.log(
      `right signatures under another nonce ${oddNonces.length}, at steps ${oddNonces.map(({ step }) => step)}`,
    );
  if (known.length > 0) console.log(`of these in part known beforehand: ${known.map(({ step }) => step)}`);
  const bad = [...outcomes].reduce((sum, [outcome, count]) => sum + (isBad(outcome) ? count : 0), 0);
  return bad + known.length;
}

/**
 * Prints the decisions of the ELF by function, and which of them were attacked. Gives
 * how many are not as expected.
 */
export function printSites({ sites }: AgentCode, skippedAt: ReadonlySet<number>): number {
  const lines = new Map<string, string[]>();
  const missed = sites.filter(({ address }) => !skippedAt.has(address));
  for (const site of sites) {
    const there = lines.get(site.function) ?? [];
    there.push(
      `${site.line}@0x${site.address.toString(16)}${skippedAt.has(site.address) ? '' : ' NOT ATTACKED'}`,
    );
    lines.set(site.function, there);
  }
  for (const [name, all] of lines) console.log(`decisions of ${name}: ${all.join(', ')}`);
  console.log(`decisions in the ELF ${sites.length}, attacked ${sites.length - missed.length}`);
  return missed.length - printUnreachable(missed);
}

/**
 * How many of the missed decisions are known to be unreachable; one that was reached
 * after all counts against it.
 */
function printUnreachable(missed: AgentCode['sites']): number {
  let known = 0;
  for (const { function: name, text, copies, reason } of unreachable) {
    const there = missed.filter((site) => site.function === name && site.text === text).length;
    console.log(`not reached by any scenario: ${name}, ${text}: ${there} of ${copies}; ${reason}`);
    known += there > copies ? copies : 2 * there - copies;
  }
  return known;
}

/** Prints each decision with the scenarios that reach it. Gives how many no scenario reaches. */
export function printReach({ sites }: AgentCode, reached: ReadonlyMap<number, readonly string[]>): number {
  for (const { function: name, line, address } of sites) {
    const by = reached.get(address) ?? [];
    const [first] = by;
    const more = by.length > 1 ? ` and ${by.length - 1} more` : '';
    console.log(
      `${name}, ${line}@0x${address.toString(16)}: ${first === undefined ? 'NOT REACHED' : `"${first}"${more}`}`,
    );
  }
  const missed = sites.filter(({ address }) => !reached.has(address));
  console.log(`decisions in the ELF ${sites.length}, reached ${sites.length - missed.length}`);
  return missed.length - printUnreachable(missed);
}
