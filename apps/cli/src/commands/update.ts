// `firmseal update`: what an owner's update page does, for those without a browser that reaches devices.
// Finds the one device that is connected, and asks nothing that it can know.

import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { accessForJob, type LineAccess } from '@firmseal/authority-client';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { systemClock } from '@firmseal/link';
import { exitCodeOf } from '@firmseal/programmer';
import { createTextJournal, type FirmwareSeen, runUpdate } from '@firmseal/updater';
import { accessAuthority, jobId } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { createInstallFace } from '../install-face.ts';
import { authorityOption, examples, tokenOption } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { collectSockets, openSocket } from '../sockets.ts';
import { tlsFetch } from '../tls-fetch.ts';
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

/** Undefined without an authority. Throws `command-line-invalid` for a part of the three. */
function accessOf(
  face: Face,
  {
    authority,
    tokenFile,
    job,
  }: { authority?: string | undefined; tokenFile?: string | undefined; job?: Bytes | undefined },
): LineAccess | undefined {
  if (authority === undefined && tokenFile === undefined && job === undefined) return undefined;
  if (authority === undefined || tokenFile === undefined || job === undefined)
    throw new Fault('command-line-invalid', {
      command: 'firmseal update',
      detail: '--authority, --token-file and --job belong together',
    });
  return accessForJob(accessAuthority(face, { authority, tokenFile }), job);
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', "the owner's update page or update.json, or a package")
    .option('--socket <place>', 'the device: serial:, usb: or tcp:, where several are connected', oneSocket)
    .option('--licenses <folder>', 'licenses as THUMBPRINT.license, for a file without licenses')
    .option('--receipt <file>', 'keep the receipt of the device, for `firmseal verify receipt`')
    .addOption(authorityOption().makeOptionMandatory(false))
    .addOption(tokenOption().makeOptionMandatory(false))
    .option(
      '--job <job>',
      'with --authority: job of mode update, which gives the license and takes the receipt',
      jobId,
    )
    .option('--root-key <file>', "the root's public key, for a package alone")
    .option('--device-ca-delegation <file>', 'delegation of the device CA, for a package alone')
    .addHelpText(
      'after',
      examples(
        'update offline.html',
        'update panel.seal --root-key root.key.pub --device-ca-delegation ca.delegation',
        'update offline.html --authority https://authority.example --token-file public.token --job JOB',
      ),
    )
    .action(
      runs(shell, async (face, path, { socket, receipt, authority: url, tokenFile, job, ...options }) => {
        if (receipt !== undefined) refuseUnwritable(receipt);
        const authority = accessOf(face, { authority: url, tokenFile, job });
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
        const fetch = tlsFetch(shell);
        const settings = {
          ...{ crypto: nodeCrypto, opened, opener: { open: openSocket }, socket: place },
          ...{ journal: passingJournal(), clock: systemClock, now: () => new Date() },
          ...{ onEvent: shown.take, signal: stop.signal },
          ...(authority === undefined ? {} : { authority }),
          ...(fetch === undefined ? {} : { fetch }),
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
