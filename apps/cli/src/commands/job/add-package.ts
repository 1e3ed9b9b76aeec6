// `firmseal job add-package`: a further package, such as the next version, under the quota that the job has.
// A chip that has a unit takes no second one for it.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { splitPackage } from '@firmseal/seal';
import { approveFirst, dueOf, withApprover } from '../../approver.ts';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { readInput } from '../../files.ts';
import { tellJob } from '../../job-view.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<job>', 'id of the job', jobId)
      .addOption(authorityOption())
      .addOption(tokenOption())
      .requiredOption('--package <file>', 'the package')
      .option('--content-key <file>', 'its wrapped content key; by default PACKAGE.key')
      .option('--approve', 'approve it too: for an owner who needs no second person'),
  )
    .addHelpText(
      'after',
      examples(
        'job add-package JOB --package panel-1.1.seal --approve \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const client = accessAuthority(face, options);
        const { headerBytes: header } = splitPackage(readInput(options.package));
        const contentKeyFile = readInput(options.contentKey ?? `${options.package}.key`);
        const view = await client.call('addPackage', { job, header, contentKeyFile });
        const { firmwareVersion, manifestDigest } = view.packages.at(-1)!;
        face.tell(
          { event: 'package-added', job, firmwareVersion, manifestDigest },
          `version ${firmwareVersion}, manifest digest ${toHex(manifestDigest)}: added to job ${toHex(job)}; licensed once the job is approved again`,
        );
        if (options.approve !== true) return;
        await approveFirst(face, client, { options, view, subjects: () => dueOf(view) });
        tellJob(face, await client.call('approveJob', { job }));
      }),
    );
