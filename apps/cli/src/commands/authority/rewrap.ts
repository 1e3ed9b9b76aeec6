// `firmseal authority rewrap`: what the authority keeps is wrapped for its new KEM key, or the content-key
// files of packages that no job has yet. It can be broken off and given again.

import { Command } from '@commander-js/extra-typings';
import { equalBytes } from '@firmseal/bytes';
import { writeWholeFile } from '@firmseal/files';
import { splitPackage } from '@firmseal/seal';
import { accessAuthority } from '../../authority-access.ts';
import { readInput } from '../../files.ts';
import { rewrapAll } from '../../kem-rotation.ts';
import { authorityOption, collect, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .option('--package <file>', 'wrap its content-key file, PACKAGE.key, instead (repeat)', collect)
    .addHelpText(
      'after',
      examples(
        'authority rewrap --authority http://127.0.0.1:7443 --token-file authority/owner.token',
        'authority rewrap --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal',
      ),
    )
    .action(
      runs(shell, async (face, { package: packages = [], ...options }) => {
        const client = accessAuthority(face, options);
        for (const path of packages) {
          const file = `${path}.key`;
          const before = readInput(file);
          const { headerBytes: header } = splitPackage(readInput(path));
          const { contentKeyFile } = await client.call('rewrapContentKey', {
            header,
            contentKeyFile: before,
          });
          const isSame = equalBytes(before, contentKeyFile);
          if (!isSame) writeWholeFile(file, [contentKeyFile], { existing: 'replace' });
          face.tell(
            { event: 'content-key-rewrapped', file, changed: !isSame },
            isSame ? `${file}: is for the present key already` : `${file}: wrapped for the present key`,
          );
        }
        if (packages.length > 0) return;
        const { looked, rewrapped, unopened } = await rewrapAll(client, (so) =>
          face.note(`${so.looked} looked at, ${so.rewrapped} wrapped again`),
        );
        if (unopened > 0)
          face.warn(`${unopened} of them are opened by no key of the authority: they were lost before`);
        face.tell(
          { event: 'rewrapped', looked, rewrapped, unopened },
          `wrapped again: ${rewrapped} of ${looked}; all others are for the present key`,
        );
      }),
    );
