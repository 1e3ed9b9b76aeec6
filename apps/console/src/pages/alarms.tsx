// Alarms: proven contradictions, and what an owner said of each.

import type { AlarmView } from '@firmseal/authority-contract';
import { useState } from 'react';
import { ApproveCommand } from '../parts/approve-command.tsx';
import { Dialog, Field, fieldOf } from '../parts/dialog.tsx';
import { Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { DeviceLink, JobLink } from '../parts/links.tsx';
import { Badge, DoneNote, FaultNote, Waiting } from '../parts/notes.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import { linkTo, type Route } from '../route.ts';
import { useSession } from '../session.ts';
import { useCall, useSend } from '../use-call.ts';

const pageSize = 50;

const reasons: Readonly<Record<string, string>> = {
  'receipt-for-unknown-license': 'A chip proved an install under a license that this authority never issued.',
  'receipt-for-voided-unit': 'The chip of a voided unit was installed after all.',
  'outcome-for-voided-unit': 'A station says that it wrote the chip of a voided unit.',
};

const columns: readonly Column<AlarmView>[] = [
  {
    name: 'Alarm',
    kind: 'number',
    cell: ({ alarm }) => <a href={linkTo(['ledger'], { from: alarm })}>{alarm}</a>,
  },
  { name: 'At', cell: ({ atMs }) => <Time atMs={atMs} /> },
  { name: 'Reason', kind: 'wide', cell: ({ reason }) => reasons[reason] ?? reason },
  {
    name: 'Job',
    cell: ({ job }) => <JobLink job={job} />,
  },
  {
    name: 'Device',
    cell: ({ thumbprint }) => <DeviceLink thumbprint={thumbprint} />,
  },
  {
    name: 'State',
    cell: ({ acknowledged }) =>
      acknowledged === undefined ? (
        <Badge text="not acknowledged" kind="bad" />
      ) : (
        <>
          <Badge text="acknowledged" kind="good" /> <Time atMs={acknowledged.atMs} />, token{' '}
          <code>{acknowledged.by}</code>: {acknowledged.note}
        </>
      ),
  },
];

export function AlarmsPage({ query }: Pick<Route, 'query'>) {
  const { may } = useSession();
  const send = useSend();
  const from = placeOf(query['from']);
  const { answer, fault, again } = useCall('listAlarms', { from, limit: pageSize });
  const [done, setDone] = useState('');
  const [chosen, setChosen] = useState<AlarmView>();
  const act: Column<AlarmView> = {
    name: 'Act',
    cell: (alarm) =>
      alarm.acknowledged === undefined ? (
        <button
          type="button"
          className="small"
          aria-label={`Acknowledge alarm ${alarm.alarm}`}
          onClick={() => setChosen(alarm)}
        >
          Acknowledge …
        </button>
      ) : (
        ''
      ),
  };
  return (
    <>
      <Heading>Alarms</Heading>
      <FaultNote fault={fault} />
      <DoneNote done={done} />
      {answer === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <Table
            caption="Alarms, newest first"
            columns={may('change') ? [...columns, act] : columns}
            rows={answer.alarms}
            keyOf={({ alarm }) => String(alarm)}
            empty="There is no alarm: nothing that was proven contradicts what this authority did."
          />
          <Pager
            path={['alarms']}
            from={from}
            size={pageSize}
            shown={answer.alarms.length}
            more={answer.more}
          />
        </>
      )}
      {chosen === undefined ? null : (
        <Dialog
          title={`Acknowledge alarm ${chosen.alarm}`}
          action="Acknowledge"
          close={() => setChosen(undefined)}
          act={async (fields) => {
            await send('acknowledgeAlarm', { alarm: chosen.alarm, note: fieldOf(fields, 'note') });
            setDone(`Alarm ${chosen.alarm} is acknowledged.`);
            again();
          }}
        >
          <p>
            {reasons[chosen.reason] ?? chosen.reason} Find the cause first. Audits no longer fail for it then.
          </p>
          <p>Where the root asks for approvals, approvers have signed the same note before:</p>
          <ApproveCommand job={chosen.job} more={['--acknowledge', String(chosen.alarm), '--note', 'NOTE']} />
          <Field label="Note, which the log keeps" name="note" pattern="[ -~]{1,200}" mostLength={200} />
        </Dialog>
      )}
    </>
  );
}
