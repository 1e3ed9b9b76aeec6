// An approver's key at a command: what is approved is signed with it and sent to the authority
// (spec/approval.md). How many have to sign is read from the policy that the root signed.

import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import {
  makeApproval,
  mostOrderPackages,
  noJob,
  type OrderSubject,
  type RecoverySubject,
  type SiteCapSubject,
  type Subject,
  verifyApprovalPolicy,
} from '@firmseal/approval';
import type { AuthorityClient } from '@firmseal/authority-client';
import type { AlarmView, CallAnswer, JobView, UnitView } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { grantOf, verifyAuthority } from '@firmseal/formats';
import { signerOf } from '@firmseal/keys';
import { encodeLedgerPolicy } from '@firmseal/ledger';
import { readPages } from './authority-pages.ts';
import type { Face } from './face.ts';
import { readInput } from './files.ts';
import { passphraseOption } from './options.ts';
import { readPublicKey } from './public-key-file.ts';
import { withKey } from './secret-files.ts';

export interface ApproverOptions {
  readonly approverKey?: string | undefined;
  readonly approverDelegation?: string | undefined;
  readonly approvalPolicy?: string | undefined;
  readonly rootKey?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

export const approverKeyOption = () =>
  new Option('--approver-key <file>', 'key of an approver, who signs this');
export const approverDelegationOption = () =>
  new Option('--approver-delegation <file>', "the root's delegation of that key");
export const approvalPolicyOption = () =>
  new Option('--approval-policy <file>', 'how many approvers have to sign, as the root says');
/** Where the root's key is needed only with an approver's. */
const approversRootOption = () =>
  new Option('--root-key <file>', "with --approver-key: the root's public key");

/** The command with the options of an approver who signs along with it; all of them can be left out. */
export const withApprover = <Args extends unknown[], Opts extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Opts, Globals>,
) =>
  command
    .addOption(approverKeyOption())
    .addOption(approverDelegationOption())
    .addOption(approvalPolicyOption())
    .addOption(approversRootOption())
    .addOption(passphraseOption('the key of the approver'));

export type WholeApprover = {
  readonly [K in 'approverKey' | 'approverDelegation' | 'approvalPolicy' | 'rootKey']: string;
};

/** Undefined where no approver signs. Throws `approver-option-missing` for half of the options. */
function wholeOf({
  approverKey,
  approverDelegation,
  approvalPolicy,
  rootKey,
}: ApproverOptions): WholeApprover | undefined {
  if (approverKey === undefined) return undefined;
  const missing =
    (approverDelegation === undefined && '--approver-delegation') ||
    (approvalPolicy === undefined && '--approval-policy') ||
    (rootKey === undefined && '--root-key');
  if (missing) throw new Fault('approver-option-missing', { option: missing });
  return {
    approverKey,
    approverDelegation: approverDelegation!,
    approvalPolicy: approvalPolicy!,
    rootKey: rootKey!,
  };
}

/** What the root says to this approver: checked before a passphrase is asked for. */
export interface ApproverRole {
  readonly keyFile: string;
  readonly threshold: number;
  readonly delegation: Bytes;
  readonly grant: Bytes;
}

/** Throws the faults of policy and delegation, and what reading a file throws. */
export function readApprover(options: WholeApprover, product: string): ApproverRole {
  const rootPublicKey = readPublicKey(options.rootKey);
  const policy = readInput(options.approvalPolicy);
  const { threshold } = verifyApprovalPolicy(nodeCrypto, policy, { rootPublicKey, product });
  const delegation = readInput(options.approverDelegation);
  const { delegate } = verifyAuthority(
    nodeCrypto,
    { delegation },
    { rootPublicKey, product, role: 'approver' },
  );
  const grant = grantOf(nodeCrypto, delegate);
  return { keyFile: options.approverKey, threshold, delegation, grant };
}

/** The job as it is approved, with every package that it has. */
function orderOf(view: JobView): OrderSubject {
  const { quota, mode, accepts, validUntilMs, packages, ledgerPolicy, stations } = view;
  const policy = ledgerPolicy && encodeLedgerPolicy(nodeCrypto, ledgerPolicy);
  return {
    ...{ kind: 'order', quota, mode, accepts },
    packages: packages.slice(-mostOrderPackages).map(({ manifestDigest }) => manifestDigest),
    ...(validUntilMs === undefined ? {} : { validUntilSeconds: Math.floor(validUntilMs / 1000) }),
    ...(policy ? { ledgerPolicy: nodeCrypto.sha256(policy) } : {}),
    ...(stations ? { stations } : {}),
  };
}

/**
 * What there is to approve of a job: packages that came after its approval, else the job with all packages
 * that one order can name, and the others each by itself.
 */
export function dueOf(view: JobView): Subject[] {
  const single = (items: JobView['packages']): Subject[] =>
    items.map(({ manifestDigest }) => ({ kind: 'package', manifestDigest }));
  const later = view.packages.filter(({ approved }) => !approved);
  if (view.state === 'approved' && later.length > 0) return single(later);
  return [orderOf(view), ...single(view.packages.slice(0, -mostOrderPackages))];
}

export const voidOf = (unit: Pick<UnitView, 'unitIndex' | 'thumbprint'>, reason: string): Subject => ({
  ...{ kind: 'void', unitIndex: unit.unitIndex, thumbprint: unit.thumbprint, reason },
});

export const acknowledgementOf = (view: AlarmView, note: string): Subject => ({
  ...{ kind: 'acknowledgement', alarm: view.alarm, licenseId: view.license, thumbprint: view.thumbprint },
  ...{ alarmReason: view.reason, note },
});

export interface ThingToApprove {
  readonly product: string;
  readonly job: Bytes;
  readonly subjects: readonly Subject[];
  /** How long the approval counts. */
  readonly days: number;
}

/** An approval counts for so long unless the approver says otherwise. */
export const approvalDays = 365;
/**
 * An approval of a recovery, unless he says otherwise: whoever has the recoverer's key may repeat it so long.
 * And of the cap of a site, which takes effect once.
 */
export const recoveryDays = 7;
const daySeconds = 86_400;

/** Signs and sends; the answer of the last. Throws what withKey and the call throw. */
export function signAndSend(
  face: Face,
  client: AuthorityClient,
  given: {
    readonly role: ApproverRole;
    readonly thing: ThingToApprove;
    readonly passphraseFile?: string | undefined;
  },
): Promise<CallAnswer<'giveApproval'>> {
  const { role, thing, passphraseFile } = given;
  const { threshold, delegation, grant, keyFile } = role;
  const { product, job: jobId, subjects, days } = thing;
  const open = { file: keyFile, role: 'approver', what: 'the key of the approver', passphraseFile } as const;
  return withKey(face, open, async (key) => {
    const issuedAtSeconds = Math.floor(Date.now() / 1000);
    const validUntilSeconds = issuedAtSeconds + days * daySeconds;
    let answer: CallAnswer<'giveApproval'> | undefined;
    for (const subject of subjects) {
      const approval = await makeApproval(nodeCrypto, signerOf(nodeCrypto, key), {
        ...{ product, threshold, grant, jobId, issuedAtSeconds, validUntilSeconds, subject },
      });
      answer = await client.call('giveApproval', { approval, delegation });
    }
    return answer!;
  });
}

/**
 * For commands of an owner who is an approver too: signs what the command is about to do, where the authority
 * asks for approvals and the options name a key.
 */
export async function approveFirst(
  face: Face,
  client: AuthorityClient,
  given: {
    readonly options: ApproverOptions;
    readonly view: JobView;
    readonly subjects: () => readonly Subject[] | Promise<readonly Subject[]>;
  },
): Promise<void> {
  const { options, view, subjects } = given;
  const { product, job, approvalsNeeded } = view;
  const thing = async () => ({ product, job, subjects: await subjects(), days: approvalDays });
  if (approvalsNeeded > 0) await approveThing(face, client, { options, product, thing });
}

/** The same for a recovery, which is of no job. */
export async function approveRecovery(
  face: Face,
  client: AuthorityClient,
  given: {
    readonly options: ApproverOptions;
    readonly product: string;
    readonly subject: RecoverySubject;
  },
): Promise<void> {
  const { options, product, subject } = given;
  const thing = () => ({ product, job: noJob, subjects: [subject], days: recoveryDays });
  await approveThing(face, client, { options, product, thing });
}

/** The same for the cap of a site. */
export async function approveSiteCap(
  face: Face,
  client: AuthorityClient,
  given: { readonly options: ApproverOptions; readonly product: string; readonly subject: SiteCapSubject },
): Promise<void> {
  const { options, product, subject } = given;
  const thing = () => ({ product, job: noJob, subjects: [subject], days: recoveryDays });
  await approveThing(face, client, { options, product, thing });
}

/** Nothing without a key of an approver. What he signed before is not signed again. */
async function approveThing(
  face: Face,
  client: AuthorityClient,
  given: {
    readonly options: ApproverOptions;
    readonly product: string;
    readonly thing: () => ThingToApprove | Promise<ThingToApprove>;
  },
): Promise<void> {
  const { options, product } = given;
  const whole = wholeOf(options);
  if (whole === undefined) return;
  const role = readApprover(whole, product);
  const thing = await given.thing();
  try {
    await signAndSend(face, client, { role, thing, passphraseFile: options.passphraseFile });
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'approval-repeated') throw fault;
  }
}

/** The unit of a job by its index; undefined where no chip has taken it. */
export async function findUnit(
  client: AuthorityClient,
  job: Bytes,
  unitIndex: number,
): Promise<UnitView | undefined> {
  const { units } = await client.call('listUnits', { job, from: unitIndex, limit: 1 });
  return units.find((unit) => unit.unitIndex === unitIndex);
}

/** Throws `alarm-unknown`. */
export async function findAlarm(client: AuthorityClient, wanted: number): Promise<AlarmView> {
  const alarms = readPages(async (from) => {
    const { alarms: items, more } = await client.call('listAlarms', { from });
    return { items, more };
  });
  for await (const one of alarms) if (one.alarm === wanted) return one;
  throw new Fault('alarm-unknown', { alarm: wanted });
}
