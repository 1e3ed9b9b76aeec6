// `firmseal job close`: the job ends, and there is no further license.

import { Command } from '@commander-js/extra-typings';
import { encodeCbor } from '@firmseal/cbor-cose';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { approveFirst, withApprover } from '../../approver.ts';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<job>', 'id of the job', jobId)
      .addOption(authorityOption())
      .addOption(tokenOption()),
  )
    .option('--certificate <file>', 'where to write the certificate of its end')
    .addHelpText(
      'after',
      examples('job close JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const { certificate } = options;
        if (certificate !== undefined) refuseUnmakeable([certificate]);
        const client = accessAuthority(face, options);
        const view = await client.call('showJob', { job });
        if (view.state !== 'closed' || certificate === undefined) {
          await approveFirst(face, client, { options, view, subjects: () => [{ kind: 'close' }] });
          tellJob(face, await client.call('closeJob', { job }));
        }
        if (certificate === undefined) return;
        const { end, delegation } = await client.call('fetchJobEnd', { job });
        writeNewFiles([{ path: certificate, parts: [encodeCbor([end, delegation])] }]);
        face.tell(
          { event: 'job-certified', job, file: certificate },
          `${certificate}: certificate of the end`,
        );
      }),
    );
