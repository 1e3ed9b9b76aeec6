// `firmseal site set`: how many chips of a product a site may have certified in all, and until when. What
// approvers sign is the numbers themselves, so a further approver gives the same command.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { AuthorityClient } from '@firmseal/authority-client';
import type { SiteView } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { approveSiteCap, withApprover } from '../../approver.ts';
import { accessAuthority } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { authorityOption, examples, number, productOption, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { siteArgument } from '../../site-names.ts';
import { showTime } from '../../times.ts';

/** The last second of a day. */
function lastSecondOf(text: string): number {
  const endMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T23:59:59Z`) : Number.NaN;
  // Date.parse takes 31 February for 3 March.
  if (new Date(endMs || 0).toISOString().startsWith(text)) return endMs;
  throw new InvalidArgumentError('A day is due, as in 2027-03-31.');
}

async function findSite(
  client: AuthorityClient,
  product: string,
  site: string,
): Promise<SiteView | undefined> {
  const sites = readPages(async (from) => {
    const { sites: items, more } = await client.call('listSites', { from });
    return { items, more };
  });
  for await (const one of sites) if (one.product === product && one.site === site) return one;
  return undefined;
}

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<site>', 'name of the site, as its tokens have it', siteArgument)
      .addOption(authorityOption())
      .addOption(tokenOption())
      .addOption(productOption())
      .requiredOption('--cap <number>', 'chips in all, those that were certified before included', number())
      .requiredOption('--until <day>', 'the last day, UTC, as in 2027-03-31', lastSecondOf)
      .option(
        '--number <number>',
        'of the change, for a further approver: as the command of the first one said it',
        number({ least: 1 }),
      )
      .addHelpText(
        'after',
        examples(
          'site set hall --product panel --cap 200 --until 2027-03-31 \\\n' +
            '      --approver-key ann.key --approver-delegation ann.delegation \\\n' +
            '      --approval-policy approval.policy --root-key root.key.pub \\\n' +
            '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
        ),
      ),
  ).action(
    runs(shell, async (face, site, options) => {
      const { product, cap, until: validUntilMs } = options;
      const client = accessAuthority(face, options);
      const before = await findSite(client, product, site);
      const change = options.number ?? (before?.number ?? 0) + 1;
      const terms = { site, cap, number: change };
      const subject = { kind: 'site-cap', ...terms, validUntilSeconds: validUntilMs / 1000 } as const;
      await approveSiteCap(face, client, { options, product, subject });
      const { applied, given, needed } = await client.call('setSiteCap', { product, ...terms, validUntilMs });
      if (!applied) throw new Fault('site-approvals-missing', { given, needed, site, cap, number: change });
      const certified = before?.certified ?? 0;
      face.tell(
        { event: 'site-set', product, ...terms, validUntilMs, certified },
        `${site}, product ${product}: ${cap} chips in all, until ${showTime(validUntilMs)}; ${certified} are certified`,
      );
    }),
  );
