// `firmseal approve`: an approver signs what an owner asks for. What it is comes first, in plain words, and
// the passphrase of the key after it.

import { Command } from '@commander-js/extra-typings';
import { noJob, type RecoverySubject, type SiteCapSubject, type Subject } from '@firmseal/approval';
import type { AuthorityClient } from '@firmseal/authority-client';
import type { JobView } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { type Manifest, splitPackage, verifyHeader } from '@firmseal/seal';
import {
  acknowledgementOf,
  approvalDays,
  approvalPolicyOption,
  approverDelegationOption,
  approverKeyOption,
  dueOf,
  findAlarm,
  findUnit,
  readApprover,
  recoveryDays,
  signAndSend,
  voidOf,
  type WholeApprover,
} from '../approver.ts';
import { accessAuthority, deviceId, jobId } from '../authority-access.ts';
import type { Face } from '../face.ts';
import { readInput } from '../files.ts';
import { ledgerPolicyText } from '../job-view.ts';
import {
  authorityOption,
  collect,
  examples,
  number,
  passphraseOption,
  productName,
  rootKeyOption,
  tokenOption,
} from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { showTime } from '../times.ts';

interface Asked {
  readonly void?: number | undefined;
  readonly reason?: string | undefined;
  readonly acknowledge?: number | undefined;
  readonly note?: string | undefined;
  readonly close?: true | undefined;
}

const misuse = (detail: string) => new Fault('command-line-invalid', { command: 'firmseal approve', detail });

/** Throws `command-line-invalid`, `alarm-unknown`, `unit-not-voidable`. */
async function subjectsOf(client: AuthorityClient, view: JobView, asked: Asked): Promise<readonly Subject[]> {
  const { void: unitIndex, reason, acknowledge, note, close } = asked;
  const ways = [unitIndex, acknowledge, close].filter((one) => one !== undefined);
  if (ways.length > 1) throw misuse('give one of --void, --acknowledge and --close');
  if ((unitIndex === undefined) !== (reason === undefined))
    throw misuse('--void and --reason belong together');
  if ((acknowledge === undefined) !== (note === undefined))
    throw misuse('--acknowledge and --note belong together');
  if (close === true) return [{ kind: 'close' }];
  if (acknowledge !== undefined) return [acknowledgementOf(await findAlarm(client, acknowledge), note!)];
  if (unitIndex === undefined) return dueOf(view);
  const unit = await findUnit(client, view.job, unitIndex);
  if (unit !== undefined) return [voidOf(unit, reason!)];
  const why = { job: toHex(view.job), unit: unitIndex, reason: 'no chip has taken it' };
  throw new Fault('unit-not-voidable', why);
}

/** Packages that the approver has in his own hands, verified under the root. */
function readPackages(
  files: readonly string[],
  trust: { rootPublicKey: Bytes; product: string },
): Manifest[] {
  return files.map((file) => verifyHeader(nodeCrypto, splitPackage(readInput(file)).header, trust).manifest);
}

/** A package by its digest: as a file that the approver gave says, or as the authority says. */
function packageText(digest: Bytes, view: JobView, own: readonly Manifest[]): string {
  const mine = own.find((one) => equalBytes(one.digest, digest));
  if (mine !== undefined) {
    const { firmwareVersion, securityCounter } = mine.core;
    return `package ${toHex(digest)}: version ${firmwareVersion}, counter ${securityCounter}, as your own file says`;
  }
  const told = view.packages.find((one) => equalBytes(one.manifestDigest, digest));
  const version =
    told === undefined ? '' : `version ${told.firmwareVersion}, counter ${told.securityCounter}, `;
  return `package ${toHex(digest)}: ${version}as the authority says (give --package FILE to check it)`;
}

/** Lines for people. */
function textOf(subject: Subject, view: JobView, own: readonly Manifest[]): string[] {
  switch (subject.kind) {
    case 'order': {
      const accepts = subject.accepts.length === 0 ? 'PASS alone' : `PASS, ${subject.accepts.join(', ')}`;
      const until = subject.validUntilSeconds;
      return [
        `licenses for at most ${subject.quota} chips, of mode ${subject.mode}; outcomes taken: ${accepts}`,
        ...(until === undefined ? [] : [`no license after ${showTime(until * 1000)}`]),
        ...[ledgerPolicyText(view) ?? []].flat(),
        ...(subject.stations ? [`for stations ${subject.stations.join(', ')} alone`] : []),
        ...subject.packages.map((digest) => packageText(digest, view, own)),
      ];
    }
    case 'package':
      return [`a further ${packageText(subject.manifestDigest, view, own)}`];
    case 'void':
      return [
        `unit ${subject.unitIndex}, held by chip ${toHex(subject.thumbprint)}, no longer counts: ${subject.reason}`,
      ];
    case 'acknowledgement':
      return [`alarm ${subject.alarm} (${subject.alarmReason}) is settled: ${subject.note}`];
    case 'close':
      return ['the job is closed for ever'];
    case 'recovery':
      return recoveryText(subject);
    case 'site-cap':
      return [siteCapText(subject)];
  }
}

const siteCapText = ({ site, cap, validUntilSeconds }: SiteCapSubject): string =>
  `site ${site} may have ${cap} chips certified in all, until ${showTime(validUntilSeconds * 1000)}`;

const recoveryText = ({ thumbprint, securityCounter, unwraps }: RecoverySubject): string[] => [
  `device ${toHex(thumbprint)} makes a new journal: versions from security counter ${securityCounter} on, ${unwraps} unwraps`,
];

/** Every package that is approved by its file must be in the job. Throws `approval-package-unknown`. */
function requireKnown(
  own: readonly Manifest[],
  files: readonly string[],
  subjects: readonly Subject[],
): void {
  const digests = subjects.flatMap((one) =>
    one.kind === 'order' ? one.packages : one.kind === 'package' ? [one.manifestDigest] : [],
  );
  own.forEach(({ digest }, i) => {
    if (!digests.some((one) => equalBytes(one, digest)))
      throw new Fault('approval-package-unknown', { file: files[i]! });
  });
}

function tellSubjects(
  face: Face,
  { subjects, view, own }: { subjects: readonly Subject[]; view: JobView; own: readonly Manifest[] },
  { threshold, days }: { threshold: number; days: number },
): void {
  const { job, product } = view;
  face.tell(
    { event: 'to-approve', job, product, threshold, days, subjects },
    `You approve for product ${product}, job ${toHex(job)}:`,
    ...subjects.flatMap((one) => textOf(one, view, own)).map((line) => `  ${line}`),
    `  ${signersText(threshold, days)}`,
  );
}

interface RecoveryOptions extends WholeApprover {
  readonly device: Bytes;
  readonly product?: string | undefined;
  readonly floor?: number | undefined;
  readonly days?: number | undefined;
  readonly passphraseFile?: string | undefined;
}

/** With the floors that the authority answers, which a recovery of the device will have. */
async function approveRecovered(
  face: Face,
  client: AuthorityClient,
  { device, floor = 0, days = recoveryDays, passphraseFile, ...options }: RecoveryOptions,
): Promise<void> {
  const { product } = options;
  if (product === undefined) throw misuse('--recovery needs --product');
  const role = readApprover(options, product);
  const known = await client.call('recoveryFloor', { product, thumbprint: device });
  const { unwraps, licenses } = known;
  const securityCounter = Math.max(floor, known.securityCounter);
  const subject = { kind: 'recovery', thumbprint: device, securityCounter, unwraps } as const;
  const { threshold } = role;
  face.tell(
    { event: 'to-approve', product, threshold, days, subjects: [subject] },
    `You approve for product ${product}:`,
    ...recoveryText(subject).map((line) => `  ${line}`),
    `  the authority licensed this device ${licenses} times`,
    `  ${signersText(threshold, days)}`,
  );
  const thing = { product, job: noJob, subjects: [subject], days };
  const { kind, given, needed } = await signAndSend(face, client, { role, thing, passphraseFile });
  face.tell({ event: 'approved', device, kind, given, needed }, signedText(given, needed));
}

const signersText = (threshold: number, days: number) =>
  `${threshold} ${threshold === 1 ? 'approver has' : 'approvers have'} to sign; yours counts for ${days} days`;

const signedText = (given: number, needed: number) => `signed: ${given} of ${needed} approvers have approved`;

export const command = (shell: Shell) =>
  new Command()
    .argument('[job]', 'id of the job; none with --recovery', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(approverKeyOption().makeOptionMandatory())
    .addOption(approverDelegationOption().makeOptionMandatory())
    .addOption(approvalPolicyOption().makeOptionMandatory())
    .addOption(rootKeyOption())
    .option('--package <file>', 'a package that you expect in the job, from your own hands (repeat)', collect)
    .option('--void <unit>', 'approve that this unit no longer counts', number())
    .option('--reason <text>', 'with --void: why, as the owner will say it')
    .option('--acknowledge <alarm>', 'approve that this alarm is settled', number())
    .option('--note <text>', 'with --acknowledge: what was found, as the owner will say it')
    .option('--close', 'approve that the job ends')
    .option('--recovery <device>', 'approve that this chip, by its thumbprint, makes a new journal', deviceId)
    .option('--product <name>', 'with --recovery: product of the chip', productName)
    .option(
      '--floor <number>',
      'with --recovery: a security counter above the one that was licensed',
      number(),
    )
    .option(
      '--days <number>',
      `how long the approval counts; ${approvalDays} when left out, ${recoveryDays} with --recovery`,
      number({ least: 1, most: 3650 }),
    )
    .addOption(passphraseOption('the key of the approver'))
    .addHelpText(
      'after',
      examples(
        'approve JOB --approver-key ann.key --approver-delegation ann.delegation \\\n' +
          '      --approval-policy approval.policy --root-key root.key.pub --package panel.seal \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file ann.token',
        'approve --recovery DEVICE --product panel --approver-key ann.key \\\n' +
          '      --approver-delegation ann.delegation --approval-policy approval.policy \\\n' +
          '      --root-key root.key.pub --authority http://127.0.0.1:7443 --token-file ann.token',
      ),
    )
    .action(
      runs(shell, async (face, job, options) => {
        const { package: files = [], passphraseFile, rootKey, recovery } = options;
        const client = accessAuthority(face, options);
        if (recovery !== undefined) {
          if (job !== undefined) throw misuse('a recovery is of no job: leave the id out');
          await approveRecovered(face, client, { ...options, device: recovery });
          return;
        }
        if (job === undefined) throw misuse('give the id of a job, or --recovery with a device');
        const { days = approvalDays } = options;
        const view = await client.call('showJob', { job });
        const { product } = view;
        const role = readApprover(options, product);
        const subjects = await subjectsOf(client, view, options);
        const own = readPackages(files, { rootPublicKey: readPublicKey(rootKey), product });
        requireKnown(own, files, subjects);
        tellSubjects(face, { subjects, view, own }, { threshold: role.threshold, days });
        const thing = { product, job, subjects, days };
        const { kind, given, needed } = await signAndSend(face, client, { role, thing, passphraseFile });
        face.tell({ event: 'approved', job, kind, given, needed }, signedText(given, needed));
      }),
    );
