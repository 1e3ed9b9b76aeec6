// `firmseal job rollout`: opens an update to more devices, halts it, goes on with
// it, says which pages may ask.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { tellJob, tellRollout } from '../../job-view.ts';
import { authorityOption, examples, number, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

/** The next value of `--origin`. */
export function collectOrigins(text: string, all: string[] = []): string[] {
  if (!/^(null|https?:\/\/[a-z0-9.-]{1,253}(:[0-9]{1,5})?)$/.test(text))
    throw new InvalidArgumentError(
      'It must be https://HOST, or null for a file that people open from a disk.',
    );
  return [...all.filter((one) => one !== text), text];
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'id of the job, of mode update', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .option('--percent <number>', 'share of the devices that it is open to', number({ most: 100 }))
    .option('--halt', 'give no license until --resume')
    .option('--resume', 'go on; what failed before counts no more')
    .option('--halt-above <percent>', 'halt by itself when more fail than this', number({ most: 100 }))
    .option(
      '--origin <origin>',
      'a page of this origin may ask; replaces those of before (repeat)',
      collectOrigins,
    )
    .addHelpText(
      'after',
      examples(
        'job rollout JOB --percent 5 --origin https://updates.example --origin null \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
        'job rollout JOB --resume --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, job, { percent, halt, resume, haltAbove, origin, ...access }) => {
        const halted = halt === true ? true : resume === true ? false : undefined;
        const view = await accessAuthority(face, access).call('setRollout', {
          ...{ job, percent, halted, haltAbovePercent: haltAbove, origins: origin },
        });
        tellJob(face, view);
        tellRollout(face, view);
      }),
    );
