// States of jobs, units and sockets as badges: a word, and a colour that says the same.

import type { Holds, JobView, UnitView } from '@firmseal/authority-contract';
import { Badge } from './notes.tsx';

const jobKinds = { open: 'busy', approved: 'good', closed: 'plain' } as const;

/** A package that was added since the approval is no part of it. */
export function JobState({ job: { state, packages } }: { job: Pick<JobView, 'state' | 'packages'> }) {
  const waits = state === 'approved' && packages.some(({ approved }) => !approved);
  return (
    <>
      <Badge text={state === 'open' ? 'waits for approval' : state} kind={jobKinds[state]} />
      {waits ? <Badge text="a package waits for approval" kind="busy" /> : null}
    </>
  );
}

/** What is known of a unit, the strongest first. */
export function UnitState({ unit: { install, stated, voided } }: { unit: UnitView }) {
  if (install !== undefined)
    return (
      <>
        <Badge text={install.outcome} kind={install.outcome === 'PASS' ? 'good' : 'busy'} />
        {install.fresh ? null : <Badge text="not fresh" />}
      </>
    );
  if (stated !== undefined)
    return <Badge text={stated.result} kind={stated.result === 'FAILED' ? 'bad' : 'busy'} />;
  return voided === undefined ? <Badge text="licensed, no receipt" /> : <Badge text="voided" />;
}

const holdsTexts: Readonly<Record<Holds, readonly [text: string, kind: 'good' | 'bad' | 'busy' | 'plain']>> =
  {
    proven: ['runs it', 'bad'],
    stated: ['a station says so', 'bad'],
    licensed: ['may run it', 'busy'],
    replaced: ['replaced', 'good'],
  };

export const HoldsState = ({ holds }: { holds: Holds }) => (
  <Badge text={holdsTexts[holds][0]} kind={holdsTexts[holds][1]} />
);

export const holdsText = (holds: Holds): string => holdsTexts[holds][0];
