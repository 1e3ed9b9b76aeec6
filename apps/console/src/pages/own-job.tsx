// What a line, or a site that personalizes chips, may see: its own token, and the counts of the line's job.

import { countText } from '../format.ts';
import { Bar, Facts, Hex, Tiles, Time } from '../parts/facts.tsx';
import { Heading } from '../parts/heading.tsx';
import { FaultNote } from '../parts/notes.tsx';
import { useSession } from '../session.ts';
import { useCall } from '../use-call.ts';

const everyMs = 5000;

export function OwnJobPage() {
  const session = useSession();
  const { answer, fault } = useCall('whoAmI', {}, { everyMs });
  const { job, label, scope, expiresAtMs } = answer ?? session.me;
  return (
    <>
      <Heading>{job === undefined ? 'This token' : `Job for ${job.product}`}</Heading>
      <FaultNote fault={fault} />
      {job === undefined ? (
        <p>A token of this kind brings the records of chips that were personalized. It opens no page here.</p>
      ) : (
        <>
          <section className="panel" aria-label="Quota">
            <Bar label="Quota used" value={job.quota - job.remaining} most={job.quota} />
          </section>
          <Tiles
            tiles={[
              ['Units left', countText(job.remaining), job.remaining === 0 ? 'bad' : ''],
              ['Installed', countText(job.installed)],
              ['State', job.state],
            ]}
          />
        </>
      )}
      <Facts
        rows={[
          ['Token of', label],
          ['Kind', scope],
          ['Job', job && <Hex key="job" bytes={job.job} />],
          ['Ends', expiresAtMs === undefined ? 'never' : <Time key="ends" atMs={expiresAtMs} />],
        ]}
      />
    </>
  );
}
