// `firmseal token new`: a token for an owner, who may do everything, for an engineer, who drafts jobs, for an
// auditor or an approver, who may read (an approver signs with his key), or for a site that personalizes
// chips and brings their records.

import { Command, Option } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, lifeOption, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { stationAtSite } from '../../site-names.ts';
import { showTime } from '../../times.ts';
import { checkTokenFile, writeToken } from '../../token-file.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(
      new Option('--scope <scope>', 'who gets it')
        .choices(['owner', 'engineer', 'auditor', 'approver', 'site'] as const)
        .makeOptionMandatory(),
    )
    .option(
      '--site <name>',
      'with --scope site: the site, or a station of it as SITE/NAME, whose chips it may have certified',
      stationAtSite,
    )
    .requiredOption('--label <text>', 'name of the person, for lists')
    .requiredOption('--out <file>', 'where to write the token')
    .addOption(lifeOption(365))
    .addHelpText(
      'after',
      examples(
        'token new --scope auditor --label alice --out auditor.token \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { scope, label, out, days, site } = options;
        if (site !== undefined && scope !== 'site')
          throw new Fault('command-line-invalid', {
            ...{ command: 'firmseal token new', detail: '--site is for --scope site' },
          });
        const client = accessAuthority(face, options);
        checkTokenFile(out);
        const { token, tokenId, expiresAtMs } = await client.call('createToken', {
          ...{ scope, label, lifeDays: days, ...(site === undefined ? {} : { station: site }) },
        });
        writeToken(out, token);
        face.tell(
          { event: 'token-made', scope, tokenId, file: out, expiresAtMs },
          `${out}: token ${tokenId} for ${scope === 'site' ? 'a' : 'an'} ${scope}${site === undefined ? '' : ` (${site})`}, until ${showTime(expiresAtMs)}`,
        );
      }),
    );
