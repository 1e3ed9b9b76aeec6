// Alarms: evidence that verified and yet contradicts what this authority did. Each is logged once, however
// often its evidence comes, and an owner acknowledges it with a note that the log keeps.

import type { AlarmView } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { AlarmRecord } from '../store/records.ts';
import type { Page } from '../store/store.ts';
import { requireSigned } from './approvals.ts';
import type { Authority } from './authority.ts';

export type AlarmReason =
  /**
   * A certified chip holds a license that this authority did not issue: a restored database, or a copied key.
   */
  | 'receipt-for-unknown-license'
  /** The chip of a voided unit was installed after all. */
  | 'receipt-for-voided-unit'
  /** A station says that it wrote the chip of a voided unit. */
  | 'outcome-for-voided-unit';

const viewAlarm = ({ jobId, licenseId, ...rest }: AlarmRecord): AlarmView => ({
  ...rest,
  job: jobId,
  license: licenseId,
});

/** The caller has verified the receipt under the certificate of the chip, or the statement of the station. */
export async function raiseAlarm(
  authority: Authority,
  alarm: {
    reason: AlarmReason;
    jobId: Bytes;
    licenseId: Bytes;
    thumbprint: Bytes;
    receiptDigest: Bytes;
  },
): Promise<void> {
  const { reason, jobId, licenseId, thumbprint, receiptDigest } = alarm;
  const atMs = authority.clock.nowMs();
  await authority.store.insertAlarm(
    { atMs, reason, jobId, licenseId, thumbprint },
    {
      timeMs: atMs,
      kind: 'alarm',
      fields: { reason, job: jobId, license: licenseId, receipt: receiptDigest, thumbprint },
    },
  );
}

/** Throws `alarm-unknown`. */
export async function showAlarm(authority: Authority, alarm: number): Promise<AlarmView> {
  const record = await authority.store.findAlarm(alarm);
  if (!record) throw new Fault('alarm-unknown', { alarm });
  return viewAlarm(record);
}

/** Newest first. */
export async function listAlarms(authority: Authority, page: Page): Promise<AlarmView[]> {
  return (await authority.store.listAlarms(page)).map(viewAlarm);
}

/**
 * Throws `alarm-unknown` (acknowledged before, too), and where the root asks for approvals, as requireSigned.
 */
export async function acknowledgeAlarm(
  authority: Authority,
  { alarm, note, by }: { alarm: number; note: string; by: string },
): Promise<AlarmView> {
  const { store, clock } = authority;
  const raised = await store.findAlarm(alarm);
  if (!raised) throw new Fault('alarm-unknown', { alarm });
  const job = await store.findJob(raised.jobId);
  const { licenseId, thumbprint, reason: alarmReason } = raised;
  const subject = { kind: 'acknowledgement', alarm, licenseId, thumbprint, alarmReason, note } as const;
  if (job) await requireSigned(authority, job, subject);
  const atMs = clock.nowMs();
  const event = { timeMs: atMs, kind: 'alarm-acknowledged', fields: { alarm, note, by } } as const;
  const done = await store.acknowledgeAlarm(alarm, { atMs, by, note }, event);
  const record = done ? await store.findAlarm(alarm) : undefined;
  if (!record) throw new Fault('alarm-unknown', { alarm });
  return viewAlarm(record);
}
