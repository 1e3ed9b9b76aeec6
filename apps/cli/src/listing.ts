// What the commands that show a list of the authority have in common: the way there, one page after the
// other, a line for each item.

import { Command } from '@commander-js/extra-typings';
import type { AuthorityClient } from '@firmseal/authority-client';
import { accessAuthority } from './authority-access.ts';
import { readPages } from './authority-pages.ts';
import type { Face } from './face.ts';
import { authorityOption, examples, tokenOption } from './options.ts';
import { runs } from './runs.ts';
import type { Shell } from './shell.ts';

export interface Listing<T> {
  /** The words of the command. */
  readonly name: string;
  /** One page that begins at a place. */
  readonly read: (
    client: AuthorityClient,
    from: number,
  ) => Promise<{ readonly items: readonly T[]; readonly more: boolean }>;
  readonly tell: (face: Face, item: T) => void;
  /** After the last item. */
  readonly end?: (face: Face, count: number) => void;
}

export const listingCommand = <T>(shell: Shell, { name, read, tell, end }: Listing<T>) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples(`${name} --authority http://127.0.0.1:7443 --token-file authority/owner.token`),
    )
    .action(
      runs(shell, async (face, options) => {
        const client = accessAuthority(face, options);
        let count = 0;
        for await (const item of readPages((from) => read(client, from))) {
          count++;
          tell(face, item);
        }
        end?.(face, count);
      }),
    );
