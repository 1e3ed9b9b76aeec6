// What store.ts promises when many ask at once, as part of store-conformance.ts: writes that share a
// transaction, or a statement, come out as they would one after the other.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { decodeLogEntry, LogChain } from '@firmseal/ledger';
import { expect, it } from 'vitest';
import type { Store } from '../src/store/store.ts';
import { event, id, jobId, license, newJob } from './store-samples.ts';

const otherJobId = id(11, 16);

export function crowdPromises(store: () => Store): void {
  const openBoth = async (quotas: readonly [number, number]): Promise<void> => {
    for (const [i, quota] of quotas.entries()) {
      const { job, ...rest } = newJob(quota);
      const id = i === 0 ? jobId : otherJobId;
      await store().insertJob({ ...rest, job: { ...job, jobId: id }, deviceData: [] }, event('open'));
      await store().approveJob(id, event('approve'));
    }
  };
  const take = (n: number, ofJob = jobId) =>
    store().takeUnit({
      ...{ jobId: ofJob, thumbprint: id(100 + n, 32), certificate: id(n, 99), atMs: n },
      event: (unit, kind) => event(`${kind} ${ofJob === jobId ? 'first' : 'other'} ${unit}`),
    });
  /** What the entries say, after the chain was verified. */
  const log = async (): Promise<unknown[]> => {
    const [rows, chain] = [await store().readLog(0, 1000), new LogChain(crypto)];
    expect(rows.flatMap((row) => chain.add(row))).toEqual([]);
    expect(await store().logHead()).toEqual(chain.head);
    return rows.map(({ entry, sequence }) => decodeLogEntry(entry, sequence).fields['label']);
  };

  it('gives units of two jobs at once, one to a device, to no more devices than there is room for', async () => {
    await openBoth([4, 2]);
    await take(0);
    await take(1);
    await store().voidUnit({ jobId, unitIndex: 1, reason: 'broken', atMs: 5 }, event('void'));
    const asked = [0, 2, 2, 3, 1, 4, 5, 3];
    const [first, other] = await Promise.all([
      Promise.all(asked.map((n) => take(n))),
      Promise.all(asked.map((n) => take(n, otherJobId))),
    ]);
    const of = (answers: typeof first, n: number) =>
      answers.filter((_, i) => asked[i] === n).map((answer) => answer?.unitIndex);
    // The device of the voided unit asks among the others: it has its old unit again, or none.
    expect([1, undefined]).toContain(of(first, 1)[0]);
    for (const answers of [first, other]) {
      for (const n of [2, 3]) expect(new Set(of(answers, n)).size).toBe(1);
      const taken = answers.flatMap((answer) => (answer?.taken ? [answer.unitIndex] : []));
      expect(new Set(taken).size).toBe(taken.length);
    }
    expect(of(first, 0)).toEqual([0]);
    const given = other.flatMap((answer) => (answer?.taken ? [answer.unitIndex] : []));
    expect(given.toSorted()).toEqual([0, 1]);
    expect(await store().countJob(jobId)).toMatchObject({ units: 4 });
    expect(await store().countJob(otherJobId)).toMatchObject({ units: 2 });
    const labels = await log();
    expect(labels.filter((label) => String(label).startsWith('unit-')).length).toBe(2 + 3 + 2);
    expect(new Set(labels.filter((label) => String(label).startsWith('unit-taken'))).size).toBe(
      labels.filter((label) => String(label).startsWith('unit-taken')).length,
    );
  });

  it('keeps licenses at once, each under the entry that it names, and repeats under the first', async () => {
    await openBoth([2, 2]);
    await take(0);
    await take(0, otherJobId);
    const asked = [
      license(1),
      license(2, { requestId: 'request-1' }),
      license(3, { nonce: license(1).nonce }),
      license(4, { jobId: otherJobId, requestId: 'request-1', nonce: license(1).nonce }),
      license(5),
      license(6, { requestId: 'request-5', nonce: license(1).nonce }),
    ];
    const kept = await Promise.all(asked.map((one, i) => store().insertLicense(one, event(`license ${i}`))));
    const [first, fifth] = [license(1).licenseId, license(5).licenseId];
    expect(kept.map((one) => one?.inserted)).toEqual([true, false, false, true, true, false]);
    expect([0, 1, 2].map((i) => kept[i]!.license.licenseId)).toEqual([first, first, first]);
    expect(kept[5]!.license.licenseId).toEqual(fifth); // the request id goes before the nonce
    const labels = await log();
    for (const i of [0, 3, 4]) {
      const stored = await store().findLicense(asked[i]!.licenseId);
      expect(stored).toEqual(kept[i]!.license);
      expect(labels[stored!.logSequence]).toBe(`license ${i}`);
    }
    await store().closeJob(otherJobId, event('close'));
    const late = [license(7), license(8, { jobId: otherJobId })];
    const answers = await Promise.all(late.map((one) => store().insertLicense(one, event('late'))));
    expect(answers.map((one) => one?.inserted)).toEqual([true, undefined]);
    expect((await log())[answers[0]!.license.logSequence]).toBe('late');
  });
}
