// `firmseal authority signer`: the process that holds the keys of an authority. It speaks to nobody but the
// process that serves HTTP, over a socket of this machine, and checks by itself whatever that one asks for.

import { Command } from '@commander-js/extra-typings';
import { type SignerEvent, serveSigner } from '@firmseal/authority';
import { type Fault, faultLabel } from '@firmseal/fault';
import { examples, passphraseOption } from '../../options.ts';
import { readPassphrase } from '../../passphrase.ts';
import { runs } from '../../runs.ts';
import { refuseCores } from '../../serve/core-dumps.ts';
import { openFolderSigner } from '../../serve/folder-signer.ts';
import type { Shell } from '../../shell.ts';

/** What was refused, by its code: no job, no chip, no bytes. */
const lineOf = ({ operation, durationMs, fault }: SignerEvent & { fault: Fault }): string =>
  `${new Date().toISOString()} signer ${operation} ${Math.round(durationMs)} ms ${faultLabel(fault.code)} ${fault.code}`;

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the folder with the authority's keys and products")
    .requiredOption('--socket <path>', 'where the HTTP process asks (`authority serve --signer`)')
    .option('--group', 'let the group of the folder that holds the socket open it, too')
    .addOption(passphraseOption('the keys of the authority'))
    .addHelpText('after', examples('authority signer authority --socket /run/firmseal/signer'))
    .action(
      runs(shell, async (face, folder, { socket, group = false, passphraseFile }) => {
        const isCoreless = refuseCores(face);
        const passphrase = await readPassphrase(face, 'the keys of the authority', passphraseFile);
        const signer = await openFolderSigner(face, folder, passphrase).finally(() => passphrase.wipe());
        try {
          const running = await serveSigner({
            ...{ path: socket, signer, mode: group ? 0o660 : 0o600 },
            onRequest: (event) => {
              const { fault } = event;
              if (fault !== undefined) face.note(lineOf({ ...event, fault }));
            },
          });
          const { served } = signer;
          face.tell(
            { event: 'signing', socket, products: served, cores: isCoreless ? 'refused' : 'possible' },
            `signs for ${served.join(', ') || 'no product yet'} at ${socket}`,
          );
          await shell.stops.wait();
          await running.stop();
        } finally {
          await signer.close();
        }
      }),
    );
