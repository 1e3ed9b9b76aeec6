// `firmseal authority retire-kem`: removes the previous KEM key of a folder, after the authority has looked
// through all that it keeps and found nothing that is wrapped for it.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { authorityPaths } from '../../authority-folder.ts';
import { retireKem } from '../../kem-rotation.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the folder with the authority's keys")
    .addOption(authorityOption())
    .addOption(tokenOption())
    .option('--even-unopened', 'also where the authority keeps something that none of its keys opens')
    .addHelpText(
      'after',
      examples(
        'authority retire-kem authority --authority http://127.0.0.1:7443 \\\n' +
          '      --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, folder, options) => {
        const { previousKem } = authorityPaths(folder);
        const { looked } = await retireKem(folder, accessAuthority(face, options), {
          ...{ address: options.authority, evenUnopened: options.evenUnopened === true },
        });
        face.tell(
          { event: 'kem-retired', folder, looked },
          `${previousKem}: removed; the ${looked} keys that the authority keeps are wrapped for the present one.`,
          '  Start the authority again: until then its signer has the previous key in memory.',
          '  A key in a token is still there: remove it with the tool of its maker.',
        );
      }),
    );
