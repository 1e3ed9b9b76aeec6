// `firmseal update`: what an owner's update page does, for those without a browser that reaches devices.
// Finds the one device that is connected, and asks nothing that it can know.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { systemClock } from '@firmseal/link';
import { exitCodeOf } from '@firmseal/programmer';
import { createTextJournal, type FirmwareSeen, runUpdate } from '@firmseal/updater';
import { createInstallFace } from '../install-face.ts';
import { examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { collectSockets, openSocket } from '../sockets.ts';
import { openOfferFile } from '../updater/offer-file.ts';
import { findOneDevice } from '../updater/one-device.ts';

function oneSocket(text: string, before: string | undefined): string {
  if (before !== undefined) throw new InvalidArgumentError('One device is updated at a time.');
  return collectSockets(text)[0]!;
}

/** What resumes an interrupted update is in the chip and in its license: the journal need not stay. */
function passingJournal() {
  let text = '';
  return createTextJournal({
    read: () => text,
    write: (next) => {
      text = next;
    },
  });
}

function versionText({ version, manifestDigest, lifeCycle }: FirmwareSeen): string {
  if (lifeCycle === 'installing') return 'an unfinished update';
  if (manifestDigest === undefined) return 'none';
  return version ?? `unknown (${manifestDigest.slice(0, 16)})`;
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', "the owner's update page or update.json, or a package")
    .option('--socket <place>', 'the device: serial:, usb: or tcp:, where several are connected', oneSocket)
    .option('--licenses <folder>', 'licenses as THUMBPRINT.license, where the file has none')
    .option('--receipt <file>', 'keep the receipt of the device, for `firmseal verify receipt`')
    .option('--root-key <file>', "the root's public key, for a package alone")
    .option('--device-ca-delegation <file>', 'delegation of the device CA, for a package alone')
    .addHelpText(
      'after',
      examples(
        'update offline.html',
        'update panel.seal --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(
      runs(shell, async (face, path, { socket, receipt, ...options }) => {
        if (receipt !== undefined) refuseUnwritable(receipt);
        const opened = await openOfferFile(path, options);
        const place = socket ?? (await findOneDevice());
        const { product, firmwareVersion } = opened.sealed.manifest.core;
        face.tell(
          { event: 'update', place, product, firmwareVersion },
          `${product} ${firmwareVersion} to ${place}`,
        );
        const shown = createInstallFace(face);
        const stop = new AbortController();
        const giveBack = shell.stops.take(() => stop.abort());
        const settings = {
          ...{ crypto: nodeCrypto, opened, opener: { open: openSocket }, socket: place },
          ...{ journal: passingJournal(), clock: systemClock, now: () => new Date() },
          ...{ onEvent: shown.take, signal: stop.signal },
        };
        const { result, before, receiptFile } = await runUpdate(settings).finally(() => {
          shown.finish();
          giveBack();
        });
        if (result.outcome === 'fail') throw result.fault;
        if (receipt !== undefined && receiptFile !== undefined) writeWholeFile(receipt, [receiptFile]);
        const versions = before === undefined ? 'none' : versionText(before);
        face.tell(
          {
            event: 'updated',
            before: before?.version ?? null,
            after: firmwareVersion,
            device: before?.thumbprint,
          },
          `version before: ${versions}`,
          `version after:  ${firmwareVersion}`,
          ...(before === undefined ? [] : [`device: ${before.thumbprint}`]),
        );
        return exitCodeOf([result]);
      }),
    );
