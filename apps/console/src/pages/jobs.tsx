// All jobs, newest first, and a new one.

import { toHex } from '@firmseal/bytes';
import { useId, useState } from 'react';
import { countText, shortHex } from '../format.ts';
import { Copied, shellWord } from '../parts/command.tsx';
import { Dialog, Field, fieldOf } from '../parts/dialog.tsx';
import { Bar, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { FaultNote, Waiting } from '../parts/notes.tsx';
import { JobState } from '../parts/states.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import { go, linkTo, type Route } from '../route.ts';
import { useSession } from '../session.ts';
import { type Asked, useCall, useSend } from '../use-call.ts';
import { PackageFields, readPackageFields } from './package-fields.tsx';

type Job = NonNullable<Asked<'listJobs'>['answer']>['jobs'][number];

const pageSize = 25;

const columns: readonly Column<Job>[] = [
  {
    name: 'Job',
    cell: ({ job }) => (
      <a href={linkTo(['jobs', toHex(job)])}>
        <code>{shortHex(job)}</code>
      </a>
    ),
  },
  { name: 'Product', cell: ({ product }) => product },
  { name: 'Version', cell: ({ packages }) => packages.map((one) => one.firmwareVersion).join(', ') },
  { name: 'State', cell: (job) => <JobState job={job} /> },
  {
    ...{ name: 'Quota used', kind: 'wide' },
    cell: ({ quota, remaining }) => <Bar label="Quota used" value={quota - remaining} most={quota} />,
  },
  { name: 'Installed', kind: 'number', cell: ({ installed }) => countText(installed) },
  { name: 'Opened', cell: ({ createdAtMs }) => <Time atMs={createdAtMs} /> },
];

export function JobsPage({ query }: Pick<Route, 'query'>) {
  const { may } = useSession();
  const from = placeOf(query['from']);
  const { answer, fault, again } = useCall('listJobs', { from, limit: pageSize });
  return (
    <>
      <Heading>Jobs</Heading>
      <FaultNote fault={fault} />
      {answer === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <Table
            caption="Jobs of this authority, newest first"
            columns={columns}
            rows={answer.jobs}
            keyOf={({ job }) => toHex(job)}
            empty="No job was opened yet."
          />
          <Pager path={['jobs']} from={from} size={pageSize} shown={answer.jobs.length} more={answer.more} />
        </>
      )}
      {may('change') ? <OpenJob opened={again} /> : null}
    </>
  );
}

/** The owner's desk may do the same by command: what the page sends are the same two files. */
function OpenJob({ opened }: { opened: () => void }) {
  const { address } = useSession();
  const send = useSend();
  const [asked, setAsked] = useState(false);
  return (
    <section>
      <div className="buttons">
        <button type="button" onClick={() => setAsked(true)}>
          Open a job …
        </button>
      </div>
      <details>
        <summary>The same by command</summary>
        <Copied
          label="the command"
          text={`firmseal job open --authority ${shellWord(address)} --token-file owner.token \\\n  --package panel.seal --quota 100`}
        />
      </details>
      {asked ? (
        <Dialog
          title="Open a job"
          action="Open it"
          close={() => setAsked(false)}
          act={async (fields) => {
            const files = await readPackageFields(fields);
            const quota = Number(fieldOf(fields, 'quota'));
            const mode = fieldOf(fields, 'mode') === 'standing' ? 'standing' : 'session';
            const { job } = await send('openJob', { ...files, quota, mode });
            opened();
            go(linkTo(['jobs', toHex(job)]));
          }}
        >
          <PackageFields />
          <Field label="Quota: how many chips" name="quota" type="number" least={1} most={0x7fffffff} />
          <ModeField />
        </Dialog>
      ) : null}
    </section>
  );
}

function ModeField() {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Licenses</label>
      <select id={id} name="mode" defaultValue="session">
        <option value="session">session: for lines with a connection</option>
        <option value="standing">standing: in advance, for lines without one</option>
      </select>
    </div>
  );
}
