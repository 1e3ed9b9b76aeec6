// The units of a job: which chip took which, and what it proved.

import type { JobView, UnitView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { type ReactNode, useState } from 'react';
import { countText } from '../format.ts';
import { SignFirst } from '../parts/approve-command.tsx';
import { Dialog, Field, fieldOf } from '../parts/dialog.tsx';
import { Time } from '../parts/facts.tsx';
import { DeviceLink, ReceiptLink } from '../parts/links.tsx';
import { FaultNote, Waiting } from '../parts/notes.tsx';
import { UnitState } from '../parts/states.tsx';
import { type Column, Pager, placeOf, Table } from '../parts/table.tsx';
import type { Route } from '../route.ts';
import { useSession } from '../session.ts';
import { useCall, useSend } from '../use-call.ts';

const pageSize = 50;

const columns: readonly Column<UnitView>[] = [
  { name: 'Unit', kind: 'number', cell: ({ unitIndex }) => countText(unitIndex) },
  {
    name: 'Device',
    cell: ({ thumbprint }) => <DeviceLink thumbprint={thumbprint} />,
  },
  { name: 'Chip', cell: ({ chip }) => chip },
  { name: 'State', cell: (unit) => <UnitState unit={unit} /> },
  {
    name: 'Version',
    cell: ({ install, stated }) => install?.firmwareVersion ?? stated?.firmwareVersion ?? '',
  },
  { name: 'Taken', cell: ({ takenAtMs }) => <Time atMs={takenAtMs} /> },
  {
    name: 'Receipt',
    cell: ({ install }) => (install === undefined ? '' : <ReceiptLink digest={install.receiptDigest} />),
  },
];

const isVoidable = ({ install, stated, voided }: UnitView): boolean =>
  install === undefined && voided === undefined && stated?.result !== 'DONE-UNPROVEN';

interface UnitsProps extends Pick<Route, 'query'> {
  readonly job: JobView;
  readonly acted: (done: ReactNode) => void;
}

export function JobUnits({ job: view, query, acted }: UnitsProps) {
  const { job, units, voided, approvalsNeeded: needed } = view;
  const { may } = useSession();
  const send = useSend();
  const from = placeOf(query['from']);
  const { answer, fault, again } = useCall('listUnits', { job, from, limit: pageSize });
  const [voiding, setVoiding] = useState<UnitView>();
  const act: Column<UnitView> = {
    name: 'Act',
    cell: (unit) =>
      isVoidable(unit) ? (
        <button type="button" className="small" onClick={() => setVoiding(unit)}>
          Void unit {unit.unitIndex} …
        </button>
      ) : (
        (unit.voided?.reason ?? '')
      ),
  };
  return (
    <>
      <h2>Units</h2>
      <FaultNote fault={fault} />
      {answer === undefined ? (
        fault === undefined && <Waiting />
      ) : (
        <>
          <Table
            caption="Units of the job, by their number"
            columns={may('change') ? [...columns, act] : columns}
            rows={answer.units}
            keyOf={({ unitIndex }) => String(unitIndex)}
            empty="No chip has taken a unit yet."
          />
          <Pager
            path={['jobs', toHex(job)]}
            from={from}
            size={pageSize}
            shown={answer.units.length}
            more={answer.more}
            total={units + voided}
          />
        </>
      )}
      {voiding === undefined ? null : (
        <Dialog
          title={`Void unit ${voiding.unitIndex}`}
          action="Void it"
          dangerous
          close={() => setVoiding(undefined)}
          act={async (fields) => {
            const unit = voiding.unitIndex;
            await send('voidUnit', { job, unit, reason: fieldOf(fields, 'reason') });
            acted(`Unit ${unit} is voided: another chip can take its place.`);
            again();
          }}
        >
          <p>
            For a chip that was destroyed before it was installed. Should it be installed after all, an alarm
            and every audit say so.
          </p>
          <SignFirst
            needed={needed}
            job={job}
            more={['--void', String(voiding.unitIndex), '--reason', 'REASON']}
          />
          <Field label="Reason, which the log keeps" name="reason" pattern="[ -~]{1,200}" mostLength={200} />
        </Dialog>
      )}
    </>
  );
}
