// Who signed what of a job, where the root asks for approvals, and the command by which one more signs.

import type { JobView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { plural } from '../format.ts';
import { ApproveCommand } from '../parts/approve-command.tsx';
import { Hex, Time } from '../parts/facts.tsx';
import { Badge } from '../parts/notes.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useSession } from '../session.ts';

type Approval = JobView['approvals'][number];

const things: Readonly<Record<Approval['kind'], string>> = {
  order: 'the job',
  package: 'a further package',
  void: 'a voided unit',
  acknowledgement: 'an acknowledged alarm',
  close: 'the end of the job',
  recovery: 'a recovery',
  'site-cap': 'the cap of a site',
};

const columns: readonly Column<Approval>[] = [
  { name: 'Approved', cell: ({ kind }) => things[kind] },
  { name: 'By key', cell: ({ approver }) => <Hex bytes={approver} short /> },
  { name: 'Signed', cell: ({ issuedAtMs }) => <Time atMs={issuedAtMs} /> },
  { name: 'Counts until', cell: ({ validUntilMs }) => <Time atMs={validUntilMs} /> },
  {
    name: 'State',
    cell: ({ counts }) => (
      <Badge text={counts ? 'counts' : 'counts no more'} kind={counts ? 'good' : 'plain'} />
    ),
  },
];

/** Whether something of the job waits for a signature. */
const waits = ({ state, packages }: JobView): boolean =>
  state !== 'closed' && (state === 'open' || packages.some(({ approved }) => !approved));

export function JobApprovals({ job }: { job: JobView }) {
  const { may } = useSession();
  const { approvalsNeeded: needed, approvals } = job;
  if (needed === 0) return null;
  return (
    <>
      <h2>Approvals</h2>
      <p>
        {plural(needed, 'approver')} {needed === 1 ? 'has' : 'have'} to sign before anything of this job is
        licensed. The chips do not look at approvals: the authority and every audit count them.
      </p>
      <Table
        caption="Approvals of the job, the newest first"
        columns={columns}
        rows={approvals}
        keyOf={({ approvalDigest }) => toHex(approvalDigest)}
        empty="Nobody has signed yet."
      />
      {waits(job) && (may('change') || may('sign')) ? (
        <section aria-label="How an approver signs">
          <p>
            An approver looks at the job with his own copy of the package, and signs it on his own machine:
          </p>
          <ApproveCommand job={job.job} more={['--package', 'panel.seal']} />
        </section>
      ) : null}
    </>
  );
}
