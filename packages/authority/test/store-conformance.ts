// What store.ts promises, as tests that run on every implementation. An implementation's own test calls this
// with a way to open an empty store, and to open a second connection to the same data.

import { type Bytes, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { LogChain } from '@firmseal/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../src/store/store.ts';
import { accessPromises } from './store-access-promises.ts';
import { crowdPromises } from './store-crowd-promises.ts';
import { ownerPromises } from './store-owner-promises.ts';
import { event, id, jobId, license, manifestDigest, newJob, receipt, shown } from './store-samples.ts';
import { voidPromises } from './store-void-promises.ts';

export function storeConformance(
  name: string,
  harness: { open: () => Promise<Store>; again: () => Promise<Store>; remove: () => Promise<void> },
): void {
  describe(`store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.open();
    });
    afterEach(async () => {
      await store.close();
      await harness.remove();
    });

    const open = (quota: number, deviceData: Bytes[] = []) =>
      store.insertJob({ ...newJob(quota), deviceData }, event('open'));
    const take = (n: number, on = store) =>
      on.takeUnit({
        jobId,
        thumbprint: id(100 + n, 32),
        certificate: id(n, 99),
        atMs: n,
        event: (unitIndex) => event(`unit ${unitIndex}`),
      });
    const logSize = async () => (await store.logHead()).size;
    const all = { from: 0, limit: 1000 };
    const everyUnit = { jobId, first: 0, last: 1000 };
    const note = (n: number) =>
      store.insertToken(
        { tokenId: `${n}`, tokenHash: id(900 + n, 32), scope: 'owner', label: 'x', createdAtMs: n },
        event(`entry ${n}`),
      );

    it('keeps a job with its package and data', async () => {
      await open(2, [id(8, 20), id(9, 20)]);
      const job = await store.findJob(jobId);
      expect(job).toMatchObject({
        product: 'pump',
        quota: 2,
        mode: 'session',
        accepts: ['ENROLLED'],
        state: 'open',
        createdAtMs: 5,
        validUntilMs: 9000,
      });
      expect(job).not.toHaveProperty('deviceDataKey');
      expect(await store.listPackages(jobId)).toMatchObject([
        { manifestDigest, ordinal: 0, approved: false, ...shown },
      ]);
      expect(await store.findDeviceData(jobId, 1)).toEqual(id(9, 20));
      expect(await store.findDeviceData(jobId, 2)).toBeUndefined();
      expect(await store.findJob(id(99, 16))).toBeUndefined();
    });

    it('leaves nothing of a job that could not be inserted', async () => {
      await open(1);
      await expect(open(1)).rejects.toThrow();
      expect(await store.listJobs(all)).toHaveLength(1);
      expect(await logSize()).toBe(1);
    });

    it('finds units of all jobs by thumbprint, product and licensed version', async () => {
      await open(9);
      await store.approveJob(jobId, event('approve'));
      for (const n of [0, 1, 2]) await take(n);
      await store.insertLicense(license(0), event('license'));
      const sorted = [0, 1, 2].sort((a, b) => (toHex(id(100 + a, 32)) < toHex(id(100 + b, 32)) ? -1 : 1));
      const indexes = async (filter: Parameters<Store['findUnits']>[0], page = all) =>
        (await store.findUnits(filter, page)).map(({ unitIndex }) => unitIndex);
      expect(await indexes({})).toEqual(sorted);
      expect(await indexes({}, { from: 1, limit: 1 })).toEqual(sorted.slice(1, 2));
      const [first, last] = [id(101, 32), id(101, 32)];
      expect(await store.findUnits({ thumbprints: { first, last } }, all)).toEqual([{ jobId, unitIndex: 1 }]);
      expect(await indexes({ firmwareVersion: '1.2' })).toEqual([0]);
      expect(await indexes({ firmwareVersion: '1.3' })).toEqual([]);
      expect(await indexes({ firmwareVersion: '1.2', product: 'pump' })).toEqual([0]);
      expect(await indexes({ product: 'fan' })).toEqual([]);
    });

    it('lists the receipts of a device, and records that hold some bytes', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      await take(0);
      await store.insertLicense(license(0), event('license'));
      for (const n of [1, 0]) await store.insertReceipt(receipt(n), event('receipt'));
      expect((await store.listReceiptsOfDevice(id(100, 32))).map(({ storedAtMs }) => storedAtMs)).toEqual([
        1, 0,
      ]);
      expect(await store.listReceiptsOfDevice(id(101, 32))).toEqual([]);
      const row = (n: number) => ({
        ...{ recordDigest: id(n, 32), product: 'pump', thumbprint: id(100, 32), storedAtMs: n },
        record: id(1000 + n, 32),
      });
      for (const n of [1, 2]) await store.insertIdentity(row(n), event('identity'));
      expect(await store.findIdentities(row(2).record.slice(5, 17), 10)).toEqual([row(2)]);
      expect(await store.findIdentities(id(7, 12), 10)).toEqual([]);
    });

    it('keeps the newest board of a token, forgets old ones, and logs none', async () => {
      await open(1);
      for (const n of [1, 2]) await note(n);
      const size = await logSize();
      const board = (n: number, atMs: number) => ({ tokenId: `${n}`, jobId, atMs, board: `${atMs}` });
      await store.keepBoard(board(1, 10), 0);
      await store.keepBoard(board(2, 20), 0);
      await store.keepBoard(board(1, 30), 0);
      expect(await store.listBoards(all)).toEqual([board(1, 30), board(2, 20)]);
      await store.keepBoard(board(1, 40), 21);
      expect(await store.listBoards(all)).toEqual([board(1, 40)]);
      expect(await logSize()).toBe(size);
    });

    it('approves packages with the job and closes once', async () => {
      await open(1);
      expect(await store.approveJob(jobId, event('approve'))).toBe(true);
      const files = { header: id(3, 9), contentKeyFile: id(4, 9) };
      const more = { jobId, manifestDigest: id(22, 32), ...files, ...shown };
      expect(await store.insertPackage(more, event('more'))).toBe(true);
      expect(await store.insertPackage(more, event('more'))).toBe(false);
      expect((await store.listPackages(jobId)).map((item) => item.approved)).toEqual([true, false]);
      expect(await store.approveJob(jobId, event('approve'))).toBe(true);
      expect((await store.listPackages(jobId)).map((item) => item.approved)).toEqual([true, true]);
      expect(await store.closeJob(jobId, event('close'))).toBe(true);
      expect(await store.closeJob(jobId, event('close'))).toBe(false);
      expect(await store.approveJob(jobId, event('approve'))).toBe(false);
      expect((await store.findJob(jobId))?.state).toBe('closed');
      expect(await logSize()).toBe(5);
    });

    it('takes units up to the quota, once a device, only while the job is approved', async () => {
      await open(2);
      expect(await take(0)).toBeUndefined();
      await store.approveJob(jobId, event('approve'));
      expect(await take(0)).toEqual({ unitIndex: 0, taken: true });
      expect(await take(1)).toEqual({ unitIndex: 1, taken: true });
      expect(await take(2)).toBeUndefined();
      expect(await take(0)).toEqual({ unitIndex: 0, taken: false });
      expect((await store.listUnits(jobId, all)).map((unit) => unit.unitIndex)).toEqual([0, 1]);
      expect((await store.listUnits(jobId, { from: 1, limit: 5 })).map((u) => u.unitIndex)).toEqual([1]);
      expect(await store.findUnit(jobId, id(101, 32))).toMatchObject({ unitIndex: 1, takenAtMs: 1 });
      expect((await store.listUnits(jobId, all)).map(({ thumbprint }) => toHex(thumbprint))).toEqual(
        [id(100, 32), id(101, 32)].map(toHex),
      );
      expect(await store.findDevice(id(101, 32))).toMatchObject({ certificate: id(1, 99) });
      expect(await store.findDevice(id(102, 32))).toBeUndefined();
      expect(await logSize()).toBe(4);
    });

    ownerPromises({ ...{ store: () => store, open, take, license, receipt, id, event, jobId, logSize } });

    crowdPromises(() => store);

    it('gives exactly the quota to a crowd on two connections', async () => {
      await open(7);
      await store.approveJob(jobId, event('approve'));
      const second = await harness.again();
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, n) => take(n, n % 2 === 0 ? store : second)),
      );
      await second.close();
      const taken = results.filter((result) => result?.taken).map((result) => result!.unitIndex);
      expect(taken.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect((await store.countJob(jobId)).units).toBe(7);
      const log = await store.readLog(0, 1000);
      expect(log).toHaveLength(9);
      const chain = new LogChain(crypto);
      expect(log.flatMap((row) => chain.add(row))).toEqual([]);
    });

    it('gives the one unit of a quota to one of 1,000 chips that ask at once over four connections', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      const more = await Promise.all([harness.again(), harness.again(), harness.again()]);
      const replicas = [store, ...more];
      const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => take(n, replicas[n % 4])));
      await Promise.all(more.map((one) => one.close()));
      expect(results.filter(Boolean)).toEqual([{ unitIndex: 0, taken: true }]);
      expect(await store.countJob(jobId)).toMatchObject({ units: 1, voided: 0 });
      expect(await logSize()).toBe(3);
    });

    it('keeps one license a request id and one a nonce', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      await take(0);
      const first = await store.insertLicense(license(0), event('license'));
      const kept = { ...license(0), logSequence: 3 };
      expect(first).toEqual({ license: kept, inserted: true });
      const sameRequest = await store.insertLicense(license(1, { requestId: 'request-0' }), event('license'));
      expect(sameRequest).toEqual({ license: kept, inserted: false });
      const sameNonce = await store.insertLicense(license(2, { nonce: id(300, 16) }), event('license'));
      expect(sameNonce).toEqual({ license: kept, inserted: false });
      expect((await store.insertLicense(license(3), event('license')))?.inserted).toBe(true);
      const later = { ...license(3), logSequence: 4 };
      expect(await store.listLicenses(everyUnit)).toEqual([kept, later]);
      expect(await store.listLicenses({ jobId, first: 1, last: 9 })).toEqual([]);
      expect(await store.findLicense(id(203, 16))).toEqual(later);
      expect(await store.findLicenseByRequest(jobId, 'request-3')).toEqual(later);
      expect(await store.findLicenseOf({ ...license(3), requestId: 'another' })).toEqual(later);
      expect(await store.findLicenseOf({ ...license(4), requestId: 'request-3' })).toEqual(later);
      expect(await store.findLicenseOf(license(4))).toBeUndefined();
      expect(await logSize()).toBe(5);
    });

    it('keeps no license without a unit, or of a job that was closed meanwhile', async () => {
      await open(2);
      await store.approveJob(jobId, event('approve'));
      await expect(store.insertLicense(license(0), event('license'))).rejects.toThrow();
      await take(0);
      await store.closeJob(jobId, event('close'));
      expect(await store.insertLicense(license(0), event('license'))).toBeUndefined();
      expect(await store.listLicenses(everyUnit)).toEqual([]);
      expect(await logSize()).toBe(4);
    });

    it('keeps a receipt once', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      await take(0);
      await store.insertLicense(license(0), event('license'));
      expect(await store.insertReceipt(receipt(0), event('receipt'))).toBe(true);
      expect(await store.insertReceipt(receipt(0), event('receipt'))).toBe(false);
      expect(await store.insertReceipt(receipt(1), event('receipt'))).toBe(true);
      expect(await store.listReceipts(everyUnit)).toEqual([receipt(0), receipt(1)]);
      expect(await store.listReceipts({ jobId, first: 1, last: 9 })).toEqual([]);
      expect(await store.findReceipt(id(601, 32))).toEqual(receipt(1));
      expect(await store.countJob(jobId)).toEqual({
        ...{ units: 1, voided: 0, licenses: 1, receipts: 2, installed: 1, outcomes: { PASS: 2 }, stated: {} },
      });
      expect(await logSize()).toBe(6);
    });

    it('keeps requests and statements of stations, counts their newest word, and holds a void against it', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      const station = (n: number) => ({
        ...{ requestDigest: id(700 + n, 32), request: id(n, 50), delegation: id(n, 60) },
        event: () => event(`admitted ${n}`),
      });
      const ask = (n: number, holder = id(100, 32)) =>
        store.takeUnit({
          ...{ jobId, thumbprint: holder, atMs: n, station: station(n) },
          event: () => event('unit'),
        });
      expect(await ask(0)).toEqual({ unitIndex: 0, taken: true });
      expect(await ask(0)).toEqual({ unitIndex: 0, taken: false });
      expect(await ask(1)).toEqual({ unitIndex: 0, taken: false });
      expect(await ask(2, id(101, 32))).toBeUndefined();
      const requests = await store.listStationRequests(everyUnit);
      expect(requests.map(({ requestDigest }) => requestDigest)).toEqual([id(700, 32), id(701, 32)]);
      expect((await store.findUnit(jobId, id(100, 32)))?.certificate).toBeUndefined();
      expect(await store.findDevice(id(100, 32))).toBeUndefined();
      expect(await logSize()).toBe(5); // open, approve, unit, two requests
      const outcome = (n: number, result: 'FAILED' | 'DONE-UNPROVEN') => ({
        ...{ outcomeDigest: id(800 + n, 32), jobId, unitIndex: 0, statement: id(n, 70) },
        ...{ delegation: id(n, 60), result, storedAtMs: n },
      });
      const unit = { jobId, unitIndex: 0, reason: 'lost', atMs: 9 };
      expect(await store.insertOutcome(outcome(0, 'FAILED'), event('outcome'))).toBe(true);
      expect(await store.insertOutcome(outcome(0, 'FAILED'), event('outcome'))).toBe(false);
      expect((await store.countJob(jobId)).stated).toEqual({ FAILED: 1 });
      expect(await store.voidUnit(unit, event('void'))).toBe(true);
      expect(await ask(3)).toEqual({ unitIndex: 0, taken: true });
      expect(await store.insertOutcome(outcome(1, 'DONE-UNPROVEN'), event('outcome'))).toBe(true);
      expect((await store.countJob(jobId)).stated).toEqual({ 'DONE-UNPROVEN': 1 });
      expect(await store.voidUnit(unit, event('void'))).toBe(false);
      expect(await store.findOutcome(id(801, 32))).toEqual(outcome(1, 'DONE-UNPROVEN'));
      expect(await store.listOutcomes(everyUnit)).toHaveLength(2);
    });

    it('keeps a record of an identity once, and lists the newest first', async () => {
      const identity = (n: number) => ({
        ...{ recordDigest: id(900 + n, 32), product: 'pump', thumbprint: id(100, 32) },
        ...{ record: id(n, 80), storedAtMs: n },
      });
      expect(await store.insertIdentity(identity(0), event('identity'))).toBe(true);
      expect(await store.insertIdentity(identity(0), event('identity'))).toBe(false);
      expect(await store.insertIdentity(identity(1), event('identity'))).toBe(true);
      expect(await store.listIdentities({ from: 0, limit: 9 })).toEqual([identity(1), identity(0)]);
      expect(await logSize()).toBe(2);
    });

    it('keeps a device that was certified once, and takes its unit later', async () => {
      const device = { thumbprint: id(100, 32), certificate: id(0, 99), firstSeenAtMs: 3 };
      expect(await store.insertDevice(device, event('certified'))).toBe(true);
      expect(await store.insertDevice({ ...device, firstSeenAtMs: 4 }, event('certified'))).toBe(false);
      expect(await store.findDevice(device.thumbprint)).toEqual(device);
      expect(await logSize()).toBe(1);
      await open(1);
      await store.approveJob(jobId, event('approve'));
      expect(await take(0)).toEqual({ unitIndex: 0, taken: true });
      expect(await store.findDevice(device.thumbprint)).toEqual(device);
    });

    it('logs a recovery, and keeps nothing else of it', async () => {
      await open(1);
      await store.logEvent(event('recovery'));
      await store.logEvent(event('recovery'));
      expect(await logSize()).toBe(3);
    });

    accessPromises({ ...{ store: () => store, open, logSize } });

    it('chains its log and reads it in pages', async () => {
      for (let n = 0; n < 5; n++) await note(n);
      const rows = await store.readLog(0, 100);
      const chain = new LogChain(crypto);
      expect(rows.flatMap((row) => chain.add(row))).toEqual([]);
      expect(await store.logHead()).toEqual({ size: 5, head: rows[4]!.head });
      expect((await store.readLog(2, 2)).map((row) => row.sequence)).toEqual([2, 3]);
      expect(await store.readLog(5, 2)).toEqual([]);
    });

    it('undoes a write that fails alone, whatever was written along with it', async () => {
      const results = await Promise.allSettled([note(1), note(2), note(1), note(3)]);
      const refused = results.map(({ status }) => status === 'rejected');
      expect(refused).toEqual([false, false, true, false]);
      const log = new LogChain(crypto);
      const rows = await store.readLog(0, 10);
      expect([rows.length, rows.flatMap((row) => log.add(row))]).toEqual([3, []]);
      expect(await store.logHead()).toEqual(log.head);
    });

    it('shows a snapshot that stands still while others write', async () => {
      await open(2);
      await store.approveJob(jobId, event('approve'));
      const snapshot = await store.openSnapshot();
      await take(0);
      expect(await snapshot.listUnits(jobId, all)).toEqual([]);
      expect((await snapshot.logHead()).size).toBe(2);
      expect((await snapshot.listJobs(all)).map((job) => job.state)).toEqual(['approved']);
      await snapshot.close();
      expect(await store.listUnits(jobId, all)).toHaveLength(1);
    });

    voidPromises({ ...{ store: () => store, open, take, logSize } });

    it('keeps the highest tick', async () => {
      await open(1);
      expect(await store.findTick()).toBe(0);
      await store.keepTick(50);
      await store.keepTick(20);
      expect(await store.findTick()).toBe(50);
      const given = { challenge: id(9, 32), jobId, purpose: 'hello' as const };
      await store.insertChallenge({ ...given, createdAtMs: 60, expiresAtMs: 99 });
      expect(await store.findTick()).toBe(60);
    });

    it('suspends jobs and tokens in one entry', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      await note(1);
      await store.suspendAll(70, event('restored'));
      expect((await store.findJob(jobId))?.state).toBe('open');
      expect((await store.listTokens(all)).map(({ revokedAtMs }) => revokedAtMs)).toEqual([70]);
      expect(await logSize()).toBe(4);
    });

    it('still has everything after it was opened again', async () => {
      await open(1);
      await store.approveJob(jobId, event('approve'));
      await take(0);
      const before = await store.logHead();
      await store.close();
      store = await harness.again();
      expect(await store.logHead()).toEqual(before);
      expect(await take(0)).toEqual({ unitIndex: 0, taken: false });
    });
  });
}
