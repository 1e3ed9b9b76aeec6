// The clock of this machine, against the release and against the authority; whether the authority answers.

import { Fault } from '@firmseal/fault';
import { mostSecondsApart, secondsApart } from '../../authority-clock.ts';
import { checkClock } from '../../release-date.ts';
import { type Finding, good, notLooked, problem } from '../finding.ts';
import type { Machine } from '../machine.ts';

export function checkOwnClock(machine: Machine): Finding {
  try {
    checkClock(machine.now());
    return good('clock', `the clock says ${machine.now().toISOString().slice(0, 16)}Z`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return problem('clock', error.message, error.remedy);
  }
}

export async function checkAuthority(machine: Machine, address: string | undefined): Promise<Finding[]> {
  if (address === undefined) return [notLooked('authority', 'no --authority was given')];
  try {
    const { ok, status, date } = await machine.health(address);
    const answers = ok
      ? good('authority', `${address} answers`)
      : problem('authority', `${address} answers with status ${status}`, 'Read the log of the authority.');
    return [answers, ...clockAgainst(machine, date)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = 'Check address, network and proxy; ask whoever runs the authority whether it is up.';
    return [problem('authority', `${address} does not answer: ${reason}`, remedy)];
  }
}

function clockAgainst(machine: Machine, date: string | null): Finding[] {
  const check = 'authority-clock';
  const seconds = secondsApart(machine.now(), date);
  if (seconds === undefined) return [notLooked(check, 'the authority does not say its time')];
  if (Math.abs(seconds) <= mostSecondsApart) return [good(check, 'clock and authority agree')];
  const says = `this machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'later than' : 'earlier than'} the authority's`;
  return [
    problem(
      check,
      says,
      'Set the clock of this machine (NTP): licenses and certificates have times in them.',
    ),
  ];
}
