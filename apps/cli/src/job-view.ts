// A job as the authority answers it: one event, one line.

import type { JobView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';
import { howMany } from './how-many.ts';
import { showTime } from './times.ts';
import { outcomesText } from './unit-view.ts';

/** `, takes UNPROTECTED besides PASS`: what the owner said when the job was opened. */
const acceptsText = (accepts: readonly string[]): string =>
  accepts.length === 0 ? '' : `, takes ${accepts.join(', ')} besides PASS`;

/** What approvers read, and the owner: nothing for a job without a policy of its own. */
export function ledgerPolicyText({ ledgerPolicy }: Pick<JobView, 'ledgerPolicy'>): string | undefined {
  if (ledgerPolicy === undefined) return undefined;
  const { log, witnesses, least } = ledgerPolicy;
  const names = witnesses.length === 0 ? '' : ` of ${witnesses.join(', ')}`;
  return `each license waits for ledger ${log} and ${howMany(least, 'cosignature')}${names}`;
}

const ledgerText = (policy: JobView['ledgerPolicy']): string =>
  policy === undefined
    ? ''
    : `, through ledger ${policy.log.split('+')[0]} with ${policy.least} of ${policy.witnesses.length} witnesses`;

export function tellJob(face: Face, view: JobView): void {
  const { state, mode, product, quota, units, voided, licenses, installed, receipts, remaining } = view;
  const outcomes = outcomesText(view.outcomes).replace(/, $/, '');
  const stated = outcomesText(view.stated).replace(/, $/, '');
  const withoutUse = voided === 0 ? '' : ` (${voided} voided)`;
  const { approvalsNeeded, approvals, validUntilMs } = view;
  const until =
    (validUntilMs === undefined ? '' : `, until ${showTime(validUntilMs)}`) +
    ledgerText(view.ledgerPolicy) +
    (view.stations === undefined ? '' : `, for stations ${view.stations.join(', ')} alone`);
  const signers = new Set(
    approvals.filter(({ kind, counts }) => counts && kind === 'order').map(({ approver }) => toHex(approver)),
  );
  const signed =
    approvalsNeeded === 0 ? '' : `; order signed by ${signers.size} of ${approvalsNeeded} approvers`;
  face.tell(
    { event: 'job', ...view },
    `job ${toHex(view.job)}: ${state}, ${product}, ${mode} licenses${acceptsText(view.accepts)}${until}; quota ${quota}, units taken ${units}${withoutUse}, ` +
      `remaining ${remaining}${view.isFew ? ' (FEW)' : ''}, licenses ${licenses}, installed ${installed}, receipts ${receipts}${outcomes === '' ? '' : ` (${outcomes})`}` +
      (stated === '' ? '' : `; without proof, by stations: ${stated}`) +
      signed,
  );
}

const things = {
  order: 'the job',
  package: 'a package',
  void: 'a void',
  acknowledgement: 'an acknowledgement',
  close: 'the end of the job',
  recovery: 'a recovery',
  'site-cap': 'the cap of a site',
} as const;

export function tellApproval(face: Face, approval: JobView['approvals'][number]): void {
  const { kind, approver, issuedAtMs, validUntilMs, counts } = approval;
  face.tell(
    { event: 'approval', ...approval },
    `approval of ${things[kind]} by ${toHex(approver).slice(0, 16)}, ${showTime(issuedAtMs)}, ` +
      (counts ? `counts until ${showTime(validUntilMs)}` : 'COUNTS NO MORE'),
  );
}

/** Of a job of mode update; nothing for others. */
export function tellRollout(face: Face, { job, rollout }: JobView): void {
  if (rollout === undefined) return;
  const { percent, halted, haltAbovePercent, installed, failed, silent, origins } = rollout;
  face.tell(
    { event: 'rollout', job, ...rollout },
    `update: ${halted ? 'HALTED' : `open to ${percent} % of the devices`}; since it was opened or resumed: ` +
      `installed ${installed}, given up ${failed}, silent for an hour ${silent}; halts above ${haltAbovePercent} %; ` +
      `pages: ${origins.length === 0 ? 'none' : origins.join(', ')}`,
  );
}
