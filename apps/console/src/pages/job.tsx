// One job: quota, packages, outcomes, its units, and what its owner may do with it.

import type { JobView } from '@firmseal/authority-contract';
import { fromHex, toHex } from '@firmseal/bytes';
import { type ReactNode, useState } from 'react';
import { countText } from '../format.ts';
import { Bar, Facts, Hex, Tiles, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { Badge, DoneNote, FaultNote, Waiting } from '../parts/notes.tsx';
import { JobState } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { linkTo, type Route } from '../route.ts';
import { useSession } from '../session.ts';
import { useCall } from '../use-call.ts';
import { JobActions } from './job-actions.tsx';
import { JobApprovals } from './job-approvals.tsx';
import { JobUnits } from './job-units.tsx';

const modes: Readonly<Record<JobView['mode'], string>> = {
  session: 'session: a license for each install, over a connection',
  standing: 'standing: licenses in advance, for lines without a connection',
  station: 'station: for chips without agent',
  update: 'update: for devices in the field, which ask themselves',
};

const packageColumns: readonly Column<JobView['packages'][number]>[] = [
  { name: 'Version', cell: ({ firmwareVersion }) => firmwareVersion },
  { name: 'Security counter', kind: 'number', cell: ({ securityCounter }) => countText(securityCounter) },
  { name: 'Manifest digest', cell: ({ manifestDigest }) => <Hex bytes={manifestDigest} short /> },
  {
    name: 'Approval',
    cell: ({ approved }) => (
      <Badge text={approved ? 'approved' : 'waits'} kind={approved ? 'good' : 'busy'} />
    ),
  },
];

/** How far an update is open to devices in the field; `firmseal job rollout` changes it. */
const rolloutText = ({
  percent,
  halted,
  haltAbovePercent,
  installed,
  failed,
}: NonNullable<JobView['rollout']>): string =>
  `${halted ? 'HALTED' : 'open'} at ${percent} % of the devices; ${countText(installed)} installed and ${countText(failed)} failed ` +
  `since it was opened; it halts by itself above ${haltAbovePercent} %`;

const isId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

export function JobPage({ job: id, query }: { job: string } & Pick<Route, 'query'>) {
  if (!isId(id))
    return (
      <>
        <Heading>Job</Heading>
        <p>
          The address names no job. <a href={linkTo(['jobs'])}>All jobs</a>
        </p>
      </>
    );
  return <KnownJob id={id} query={query} />;
}

function KnownJob({ id, query }: { id: string } & Pick<Route, 'query'>) {
  const { may } = useSession();
  const [done, setDone] = useState<ReactNode>();
  const { answer: job, fault, again } = useCall('showJob', { job: fromHex(id) });
  const acted = (text: ReactNode) => {
    setDone(text);
    again();
  };
  return (
    <>
      <Heading>{job === undefined ? 'Job' : `Job for ${job.product}`}</Heading>
      <FaultNote fault={fault} />
      {job === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <p>
            <JobState job={job} />
          </p>
          <DoneNote done={done} />
          <JobFacts job={job} />
          <JobApprovals job={job} />
          {may('change') ? <JobActions job={job} acted={acted} /> : null}
          <h2>Packages</h2>
          <Table
            caption="Packages of the job; the newest approved one is installed"
            columns={packageColumns}
            rows={job.packages}
            keyOf={({ manifestDigest }) => toHex(manifestDigest)}
            empty="The job has no package."
          />
          <JobUnits job={job} query={query} acted={acted} />
        </>
      )}
    </>
  );
}

function JobFacts({ job }: { job: JobView }) {
  const { quota, remaining, units, voided, licenses, installed, receipts, outcomes, stated } = job;
  const counted = Object.entries({ ...outcomes, ...stated })
    .map(([name, count = 0]) => [name, count] as const)
    .filter(([, count]) => count > 0);
  return (
    <>
      <section className="panel" aria-label="Quota">
        <Bar
          label="Quota used"
          value={quota - remaining}
          most={quota}
          text={`${countText(quota - remaining)} of ${countText(quota)} units used, ${countText(remaining)} left`}
        />
      </section>
      <Tiles
        tiles={[
          ['Units left', countText(remaining), job.isFew || remaining === 0 ? 'bad' : ''],
          ['Units taken', countText(units)],
          ['Installed', countText(installed)],
          ['Voided', countText(voided)],
        ]}
      />
      <Facts
        rows={[
          ['Job', <Hex key="job" bytes={job.job} />],
          ['Licenses', modes[job.mode]],
          ['Takes besides PASS', job.accepts.join(', ') || 'nothing'],
          [
            'Outcomes',
            counted.map(([name, count]) => `${countText(count)} ${name}`).join(', ') || 'none yet',
          ],
          ['Issued', `${countText(licenses)} licenses, ${countText(receipts)} receipts kept`],
          [
            'No license after',
            job.validUntilMs === undefined ? undefined : <Time key="until" atMs={job.validUntilMs} />,
          ],
          ['Rollout', job.rollout && rolloutText(job.rollout)],
          ['Opened', <Time key="opened" atMs={job.createdAtMs} />],
        ]}
      />
    </>
  );
}
