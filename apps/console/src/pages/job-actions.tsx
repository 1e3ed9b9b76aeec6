// What an owner may do with a job: approve it, close it, add a package, make a token for a line.

import type { JobView } from '@firmseal/authority-contract';
import { type ReactNode, useState } from 'react';
import { SignFirst } from '../parts/approve-command.tsx';
import { Dialog, Field, fieldOf } from '../parts/dialog.tsx';
import { useSend } from '../use-call.ts';
import { type NewToken, NewTokenDialog } from './new-token.tsx';
import { PackageFields, readPackageFields } from './package-fields.tsx';

type Open = 'approve' | 'close' | 'token' | 'package';

interface ActionsProps {
  readonly job: JobView;
  readonly acted: (done: ReactNode) => void;
}

export function JobActions({ job, acted }: ActionsProps) {
  const [open, setOpen] = useState<Open>();
  const [made, setMade] = useState<NewToken>();
  const send = useSend();
  const close = () => setOpen(undefined);
  const { job: id, state, packages, product, quota, approvalsNeeded: needed } = job;
  const waits = state !== 'closed' && (state === 'open' || packages.some(({ approved }) => !approved));
  if (state === 'closed') return null;
  return (
    <>
      <div className="buttons">
        {waits ? (
          <button type="button" onClick={() => setOpen('approve')}>
            Approve …
          </button>
        ) : null}
        <button type="button" className="second" onClick={() => setOpen('token')}>
          Token for a line …
        </button>
        <button type="button" className="second" onClick={() => setOpen('package')}>
          Add a package …
        </button>
        <button type="button" className="second" onClick={() => setOpen('close')}>
          Close the job …
        </button>
      </div>
      {open === 'approve' ? (
        <Dialog
          title={`Approve the job for ${product}`}
          action="Approve"
          close={close}
          act={async () => {
            await send('approveJob', { job: id });
            acted('The job is approved.');
          }}
        >
          <p>
            Lines with a token of this job can then install on {quota} chips: version{' '}
            {packages.map(({ firmwareVersion }) => firmwareVersion).join(', ')}.
          </p>
          <SignFirst needed={needed} job={id} more={['--package', 'panel.seal']} />
        </Dialog>
      ) : null}
      {open === 'close' ? (
        <Dialog
          title={`Close the job for ${product}`}
          action="Close for ever"
          dangerous
          close={close}
          act={async () => {
            await send('closeJob', { job: id });
            acted('The job is closed.');
          }}
        >
          <p>
            No license is issued any more, not even to a chip that has a unit. A closed job cannot be opened
            again.
          </p>
          <SignFirst needed={needed} job={id} more={['--close']} />
        </Dialog>
      ) : null}
      {open === 'token' ? (
        <Dialog
          title="Token for a line"
          action="Make the token"
          close={close}
          act={async (fields) => {
            const [label, lifeDays] = [fieldOf(fields, 'label'), Number(fieldOf(fields, 'days'))];
            setMade(await send('createLineToken', { job: id, label, lifeDays }));
          }}
        >
          <p>It opens this job and nothing else.</p>
          <Field label="Name of the line" name="label" value="line" pattern="[ -~]{1,64}" mostLength={64} />
          <Field label="Days until it ends" name="days" type="number" value="30" least={1} most={3650} />
        </Dialog>
      ) : null}
      {open === 'package' ? (
        <Dialog
          title="Add a package"
          action="Add it"
          close={close}
          act={async (fields) => {
            await send('addPackage', { job: id, ...(await readPackageFields(fields)) });
            acted('The package is added. Approve the job again, and lines install it.');
          }}
        >
          <p>For chips that have a unit of this job, and for those that get one. It spends nothing.</p>
          <PackageFields />
        </Dialog>
      ) : null}
      {made === undefined ? null : <NewTokenDialog made={made} close={() => setMade(undefined)} />}
    </>
  );
}
