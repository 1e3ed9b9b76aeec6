// What store.ts promises to owners and to devices in the field, as part of store-conformance.ts: approvals,
// the end of a job, how far an update is opened, idempotency keys.

import type { Bytes } from '@firmseal/bytes';
import type { LogEvent } from '@firmseal/ledger';
import { expect, it } from 'vitest';
import type { PackageRecord, ReceiptRecord } from '../src/store/records.ts';
import type { NewLicense, Store } from '../src/store/store.ts';
import { newJob } from './store-samples.ts';

/** What the suite makes its records with. */
export interface ConformanceKit {
  readonly store: () => Store;
  readonly open: (quota: number) => Promise<void>;
  readonly take: (n: number) => ReturnType<Store['takeUnit']>;
  readonly license: (n: number) => NewLicense;
  readonly receipt: (n: number) => ReceiptRecord;
  readonly id: (n: number, length: number) => Bytes;
  readonly event: (label: string) => LogEvent;
  readonly jobId: Bytes;
  readonly logSize: () => Promise<number>;
}

export function ownerPromises(kit: ConformanceKit): void {
  const { store, open, take, license, receipt, id, event, jobId, logSize } = kit;

  it('replaces what is wrapped where it still stands as it was read, with one entry in the log', async () => {
    await open(1);
    const [{ manifestDigest, contentKeyFile }] = (await store().listPackages(jobId)) as [PackageRecord];
    const webhook = { webhookId: 'hook', url: 'https://a.example/', events: [], createdAtMs: 1 };
    await store().insertWebhook({ ...webhook, secret: id(70, 90) }, 9, event('webhook'));
    const before = await logSize();
    const replace = (n: number, was: Bytes, secret: Bytes) =>
      store().replaceWrapped(
        {
          packages: [{ jobId, manifestDigest, before: was, after: id(80 + n, 90) }],
          jobs: [{ jobId, before: id(71, 97), after: id(81 + n, 97) }],
          webhooks: [{ webhookId: 'hook', before: secret, after: id(82 + n, 90) }],
        },
        event(`wrapped ${n}`),
      );
    const wrapped = async () => [
      (await store().listPackages(jobId))[0]!.contentKeyFile,
      (await store().listWebhooks())[0]!.secret,
    ];
    await replace(0, contentKeyFile, id(70, 90));
    expect(await wrapped()).toEqual([id(80, 90), id(82, 90)]);
    expect((await store().findJob(jobId))!.deviceDataKey).toBeUndefined();
    await replace(10, contentKeyFile, id(70, 90));
    expect(await wrapped()).toEqual([id(80, 90), id(82, 90)]);
    expect(await logSize()).toBe(before + 2);
  });

  it('keeps approvals in their order, each once, until an older database was put back', async () => {
    await open(1);
    const approval = (n: number) => ({
      ...{ approvalDigest: id(40 + n, 32), jobId, approval: id(50 + n, 90), delegation: id(60, 80) },
      storedAtMs: n,
    });
    expect(await store().insertApproval(approval(1), event('first'))).toBe(true);
    expect(await store().insertApproval(approval(0), event('second'))).toBe(true);
    expect(await store().insertApproval(approval(1), event('again'))).toBe(false);
    expect(await store().listApprovals(jobId)).toEqual([1, 0].map((n) => ({ ...approval(n), ended: false })));
    expect(await store().listApprovals(id(99, 16))).toEqual([]);
    await store().suspendAll(9, event('restored'));
    expect((await store().listApprovals(jobId)).map(({ ended }) => ended)).toEqual([true, true]);
    expect(await store().insertApproval(approval(2), event('third'))).toBe(true);
    expect((await store().listApprovals(jobId)).map(({ ended }) => ended)).toEqual([true, true, false]);
    expect(await logSize()).toBe(5);
  });

  it('keeps how far an update is opened, and counts what came of its units', async () => {
    await open(9);
    await store().approveJob(jobId, event('approve'));
    expect(await store().findRollout(jobId)).toBeUndefined();
    const rollout = {
      ...{ jobId, percent: 5, halted: true, haltAbovePercent: 20, origins: ['null', 'https://a.example'] },
      countedFromMs: 4,
    };
    await store().setRollout({ ...rollout, percent: 1, origins: [] }, event('opened'));
    await store().setRollout(rollout, event('more'));
    expect(await store().findRollout(jobId)).toEqual(rollout);
    for (const n of [0, 1, 2, 3, 4]) await take(n);
    await store().insertLicense(license(0), event('license'));
    await store().insertReceipt(receipt(0), event('receipt'));
    const failure = {
      ...{ receiptDigest: id(75, 32), jobId, unitIndex: 1, receipt: id(76, 60), storedAtMs: 9 },
    };
    expect(await store().insertFailure(failure, event('failed'))).toBe(true);
    expect(await store().insertFailure(failure, event('again'))).toBe(false);
    await store().voidUnit({ jobId, unitIndex: 2, reason: 'x', atMs: 9 }, event('void'));
    const count = (fromMs: number, silentBeforeMs: number) =>
      store().countRollout({ jobId, fromMs, silentBeforeMs });
    expect(await count(0, 0)).toEqual({ installed: 1, failed: 1, silent: 0 });
    expect(await count(0, 4)).toEqual({ installed: 1, failed: 1, silent: 1 });
    expect(await count(1, 5)).toEqual({ installed: 0, failed: 1, silent: 2 });
    expect(await count(2, 5)).toEqual({ installed: 0, failed: 0, silent: 2 });
  });

  it('notes a request under its key once, with its answer, for as long as it is asked to', async () => {
    const request = (n: number, atMs: number, forgetBeforeMs = 0) => ({
      ...{ keyHash: id(70 + n, 32), bodyHash: id(80 + n, 32), atMs, forgetBeforeMs },
    });
    expect(await store().beginRequest(request(1, 5))).toBeUndefined();
    const noted = { keyHash: id(71, 32), bodyHash: id(81, 32), atMs: 5 };
    expect(await store().beginRequest({ ...request(1, 6), bodyHash: id(99, 32) })).toEqual(noted);
    await store().finishRequest(id(71, 32), id(90, 40));
    await store().finishRequest(id(71, 32), id(91, 40));
    await store().forgetRequest(id(71, 32));
    expect(await store().beginRequest(request(1, 7))).toEqual({ ...noted, answer: id(90, 40) });
    expect(await store().beginRequest(request(2, 8))).toBeUndefined();
    await store().forgetRequest(id(72, 32));
    expect(await store().beginRequest(request(2, 9, 6))).toBeUndefined();
    expect(await store().beginRequest(request(1, 10))).toBeUndefined();
    expect(await logSize()).toBe(0);
  });

  it('keeps what is stopped once, newest first, until it is lifted', async () => {
    const stop = (name: string, atMs: number) => ({ kind: 'device' as const, name, reason: 'x', atMs });
    expect(await store().setStop(stop('a', 2), event('stop'))).toBe(true);
    expect(await store().setStop(stop('b', 1), event('stop'))).toBe(true);
    expect(await store().setStop(stop('a', 3), event('again'))).toBe(false);
    expect(await store().findStop({ kind: 'device', name: 'a' })).toEqual(stop('a', 2));
    expect(await store().findStop({ kind: 'product', name: 'a' })).toBeUndefined();
    const both = [{ kind: 'product', name: 'a' } as const, { kind: 'device', name: 'a' } as const];
    expect(await store().findStop(...both)).toEqual(stop('a', 2));
    expect(await store().listStops({ from: 0, limit: 9 })).toEqual([stop('b', 1), stop('a', 2)]);
    expect(await store().liftStop({ kind: 'device', name: 'a' }, event('lift'))).toBe(true);
    expect(await store().liftStop({ kind: 'device', name: 'a' }, event('lift'))).toBe(false);
    expect(await store().listStops({ from: 0, limit: 9 })).toEqual([stop('b', 1)]);
    expect(await logSize()).toBe(3);
  });

  it('notes once that few units of a job are left', async () => {
    const { job, ...more } = newJob(3);
    const opened = { ...more, job: { ...job, fewUnits: 1 }, deviceData: [] };
    await store().insertJob(opened, event('open'));
    await store().approveJob(jobId, event('approve'));
    const note = () => store().noteFewUnits(jobId, (left) => event(`few ${left}`));
    await take(0);
    expect([await note(), await store().countFewJobs()]).toEqual([undefined, 0]);
    await take(1);
    expect([await note(), await note(), await store().countFewJobs()]).toEqual([1, undefined, 1]);
    expect((await store().findJob(jobId))?.fewUnits).toBe(1);
    await store().closeJob(jobId, event('close'));
    expect(await store().countFewJobs()).toBe(0);
    expect(await store().noteFewUnits(id(99, 16), () => event('none'))).toBeUndefined();
    expect(await logSize()).toBe(6);
  });

  it('keeps webhooks, of which one process at a time has one', async () => {
    const webhook = (n: number) => ({
      ...{ webhookId: `${n}`, url: `https://a.example/${n}`, events: ['job.opened', 'stop.set'] as const },
      ...{ secret: id(n, 90), createdAtMs: n },
    });
    await open(1);
    expect(await store().insertWebhook(webhook(1), 2, event('first'))).toBe(true);
    expect(await store().insertWebhook(webhook(2), 2, event('second'))).toBe(true);
    expect(await store().insertWebhook(webhook(3), 2, event('third'))).toBe(false);
    const start = { attempts: 0, dueAtMs: 0, delivered: 0, givenUp: 0 };
    expect(await store().listWebhooks()).toEqual([
      { ...webhook(1), next: 2, ...start },
      { ...webhook(2), next: 3, ...start },
    ]);
    const claim = (nowMs: number) =>
      store().claimWebhook({ webhookId: '1', nowMs, untilMs: nowMs + 10, aheadMs: 100 });
    expect([await claim(1), await claim(2), await claim(11), await claim(12)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    const last = { atMs: 12, result: 'status 500' };
    const progress = { next: 7, attempts: 2, dueAtMs: 50, delivered: 4, givenUp: 1, last };
    await store().noteWebhook('1', progress);
    expect((await store().listWebhooks())[0]).toEqual({ ...webhook(1), ...progress });
    expect([await claim(49), await claim(50)]).toEqual([false, true]);
    // The clock was put back by more than any claim lasts.
    expect(await claim(-200)).toBe(true);
    expect(await store().removeWebhook('1', event('removed'))).toBe(true);
    expect(await store().removeWebhook('1', event('again'))).toBe(false);
    expect(await claim(500)).toBe(false);
    expect(await logSize()).toBe(4);
  });

  it('keeps one certificate of the end of a job', async () => {
    await open(1);
    const end = { jobId, endDigest: id(41, 32), end: id(42, 90), delegation: id(43, 80) };
    expect(await store().findJobEnd(jobId)).toBeUndefined();
    expect(await store().insertJobEnd(end, event('end'))).toBe(true);
    expect(await store().insertJobEnd({ ...end, end: id(44, 90) }, event('other'))).toBe(false);
    expect(await store().findJobEnd(jobId)).toEqual(end);
    expect(await logSize()).toBe(2);
  });
}
