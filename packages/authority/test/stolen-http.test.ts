// Somebody holds the process that speaks HTTP, its database and the signer's socket. He asks the signer for
// what he likes, and gets no license beyond what approvers signed; each refusal has its code.

import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFrame } from '../src/signer/frames.ts';
import type { IssueRequest } from '../src/signer/issuing-signer.ts';
import { TestApprover } from './approver.ts';
import { TestChip } from './chip.ts';
import { Owner } from './owner.ts';
import { TestAuthority } from './running-authority.ts';
import { ServedSigner } from './served-signer.ts';

let signer: ServedSigner;
beforeAll(async () => {
  signer = await ServedSigner.start();
});
afterAll(() => signer.remove());

const ask = (request: IssueRequest): Promise<string> => signer.ask(request);

type Order = Awaited<ReturnType<ServedSigner['job']>>;

describe('what the approvers signed', () => {
  it('is issued: so many chips, each as often as it asks', async () => {
    const order = await signer.job(2);
    const chips = [await TestChip.make(signer.owner), await TestChip.make(signer.owner)];
    const first = await signer.request(order, { chip: chips[0]! });
    const second = await signer.request(order, { chip: chips[1]!, unitIndex: 1 });
    expect([await ask(first), await ask(second), await ask(first)]).toEqual(['issued', 'issued', 'issued']);
    const { bundle } = await signer.client.issue(second);
    const { license, contentKey } = chips[1]!.accept(bundle, order.sealed.manifest);
    expect([license.terms.unitIndex, contentKey]).toEqual([1, order.sealed.contentKey]);
    chips[0]!.reset();
    expect(await ask(await signer.request(order, { chip: chips[0]! }))).toBe('issued');
  });

  it('is the limit: another chip is refused, under any unit', async () => {
    const order = await signer.job(1);
    expect(await ask(await signer.request(order))).toBe('issued');
    for (const unitIndex of [0, 1, 7])
      expect(await ask(await signer.request(order, { unitIndex }))).toBe('signer-quota-exhausted');
  });

  it('is the limit for a crowd that asks at once', async () => {
    const order = await signer.job(3);
    const requests = await Promise.all(
      Array.from({ length: 12 }, (_, unitIndex) => signer.request(order, { unitIndex })),
    );
    const answers = await Promise.all(requests.map(ask));
    expect(answers.filter((one) => one === 'issued').length).toBe(3);
    expect(new Set(answers)).toEqual(new Set(['issued', 'signer-quota-exhausted']));
  });
});

describe('a request that was made up is refused', () => {
  type Change = (request: IssueRequest, order: Order) => IssueRequest | Promise<IssueRequest>;
  const withAsk = (request: IssueRequest, more: object): IssueRequest =>
    ({ ...request, ask: { ...request.ask, ...more } }) as IssueRequest;
  const foreign = new Owner();

  it.each<[string, string, Change]>([
    ['without approvals', 'approvals-missing', (one) => ({ ...one, approvals: [] })],
    ['with one of two', 'approvals-missing', (one) => ({ ...one, approvals: one.approvals.slice(1) })],
    [
      'with one approver twice',
      'approval-repeated',
      async (one, { job, sealed }) => {
        const { quota, mode, accepts } = job;
        const order = { kind: 'order', quota, mode, accepts, packages: [sealed.manifest.digest] } as const;
        const [ann] = signer.approvers;
        return { ...one, approvals: await signer.words(job.jobId, order, [ann, ann]) };
      },
    ],
    [
      'with approvers whom the root does not know',
      'delegation-signature-invalid',
      async (one, { job, sealed }) => {
        const { quota, mode, accepts } = job;
        const order = { kind: 'order', quota, mode, accepts, packages: [sealed.manifest.digest] } as const;
        const both = [await TestApprover.make(foreign), await TestApprover.make(foreign)] as const;
        return { ...one, approvals: await signer.words(job.jobId, order, both) };
      },
    ],
    [
      'for another job',
      'approval-wrong',
      (one) => ({ ...one, job: { ...one.job, jobId: crypto.randomBytes(16) } }),
    ],
    ['with a greater quota', 'approvals-missing', (one) => ({ ...one, job: { ...one.job, quota: 9 } })],
    [
      'that takes weaker outcomes',
      'approvals-missing',
      (one) => ({ ...one, job: { ...one.job, accepts: ['REHEARSAL'] } }),
    ],
    ['in another mode', 'approvals-missing', (one) => ({ ...one, job: { ...one.job, mode: 'standing' } })],
    [
      'for another package of the product',
      'approvals-missing',
      async (one) => {
        const { header, contentKeyFile } = await signer.owner.seal({ securityCounter: 6 });
        return { ...one, header, contentKeyFile };
      },
    ],
    [
      'with the content key of another package',
      'content-key-package-wrong',
      async (one) => ({ ...one, contentKeyFile: (await signer.owner.seal()).contentKeyFile }),
    ],
    [
      'for a package of another version than was signed',
      'manifest-signature-invalid',
      (one) => {
        const header = one.header.slice();
        header[Buffer.from(header).indexOf('1.2.3')]! += 1;
        return { ...one, header };
      },
    ],
    [
      'for a product that is not served',
      'product-not-served',
      (one) => ({ ...one, job: { ...one.job, product: 'valve' } }),
    ],
    [
      'for a chip that no device CA certified',
      'certificate-signature-invalid',
      async (one) => {
        const chip = await TestChip.make(foreign);
        const challenge = crypto.randomBytes(32);
        const hello = await chip.hello(challenge);
        return withAsk(one, { certificate: chip.certificate, hello, challenge });
      },
    ],
    [
      'for a chip that did not say hello',
      'hello-signature-invalid',
      async (one) => withAsk(one, { certificate: (await TestChip.make(signer.owner)).certificate }),
    ],
    [
      'with an answer to another challenge',
      'hello-challenge-wrong',
      (one) => withAsk(one, { challenge: crypto.randomBytes(32) }),
    ],
    [
      'by a record that no site signed',
      'job-mode-wrong',
      (one) => ({ ...one, ask: { kind: 'record', record: crypto.randomBytes(99), notAfterSeconds: 2e9 } }),
    ],
  ])('%s', async (_, code, change) => {
    const order = await signer.job(1);
    const request = await signer.request(order);
    expect(await ask(await change(request, order))).toBe(code);
    // Nothing was counted for it.
    expect(await ask(request)).toBe('issued');
  });

  it('for a station that the order does not list, or with another list', async () => {
    const order = await signer.job(1, { stations: ['bench-1'] });
    const request = await signer.request(order);
    expect(await ask(request)).toBe('job-station-refused');
    expect(await ask({ ...request, station: 'bench-2' })).toBe('job-station-refused');
    const { stations: _, ...without } = request.job;
    expect(await ask({ ...request, job: without })).toBe('approvals-missing');
    const more = { ...request.job, stations: ['bench-1', 'bench-2'] };
    expect(await ask({ ...request, job: more, station: 'bench-2' })).toBe('approvals-missing');
    expect(await ask({ ...request, station: 'bench-1' })).toBe('issued');
  });

  it('for a station that was stopped', async () => {
    const request = { ...(await signer.request(await signer.job(1))), station: 'bench-7' };
    await signer.client.setStop({ kind: 'station', name: 'bench-7', reason: 'lost', atMs: signer.nowMs });
    expect(await ask(request)).toBe('issue-stopped');
    await signer.client.liftStop({ kind: 'station', name: 'bench-7' });
    await signer.client.setStop({ kind: 'station', name: 'hall/*', reason: 'lost', atMs: signer.nowMs });
    expect(await ask({ ...request, station: 'hall/bench-7' })).toBe('issue-stopped');
    await signer.client.liftStop({ kind: 'station', name: 'hall/*' });
    expect(await ask(request)).toBe('issued');
  });

  it('after the approvals, or the job, ended', async () => {
    const [open, dated] = [await signer.job(1), await signer.job(1)];
    const validUntilMs = signer.nowMs + 5000;
    const { quota, mode, accepts } = dated.job;
    const order = { kind: 'order', quota, mode, accepts, packages: [dated.sealed.manifest.digest] } as const;
    const approvals = await signer.words(dated.job.jobId, {
      ...order,
      validUntilSeconds: validUntilMs / 1000,
    });
    const ended = { ...dated, job: { ...dated.job, validUntilMs }, approvals };
    const requests = [await signer.request(open), await signer.request(ended)];
    signer.nowMs += 10_000;
    expect(await ask(requests[1]!)).toBe('job-expired');
    signer.nowMs += 1_000_000;
    expect(await ask(requests[0]!)).toBe('approval-expired');
    signer.nowMs = 1_800_000_000_000;
  });
});

describe('what the signer was told once', () => {
  it('stays: the terms of a job, whatever was approved later', async () => {
    const order = await signer.job(1);
    expect(await ask(await signer.request(order))).toBe('issued');
    const { mode, accepts, jobId } = order.job;
    const greater = {
      kind: 'order',
      quota: 5,
      mode,
      accepts,
      packages: [order.sealed.manifest.digest],
    } as const;
    const job = { ...order.job, quota: 5 };
    const request = await signer.request({ ...order, job, approvals: await signer.words(jobId, greater) });
    expect(await ask(request)).toBe('signer-job-differs');
  });

  it('stays: the end of a job', async () => {
    const order = await signer.job(2);
    const request = await signer.request(order);
    expect(await ask(request)).toBe('issued');
    const { job } = order;
    const counts = { units: 1, voided: 0, licenses: 1, installed: 0 };
    const end = (approvals: IssueRequest['approvals'], more = {}) =>
      signer.client.endJob({ job, approvals, counts: { ...counts, ...more } });
    await expect(end(order.approvals)).rejects.toMatchObject({ code: 'approvals-missing' });
    const signed = await signer.words(job.jobId, { kind: 'close' });
    await expect(end(signed, { units: 0 })).rejects.toMatchObject({ code: 'job-end-counts-differ' });
    const certificate = await end(signed);
    expect(await end(signed, { units: 2 })).toEqual(certificate);
    expect(await ask(request)).toBe('job-closed');
  });

  it('stays: a product, a station or a device that is stopped', async () => {
    const order = await signer.job(2);
    const chip = await TestChip.make(signer.owner);
    const name = Buffer.from(chip.thumbprint).toString('hex');
    await signer.client.setStop({ kind: 'device', name, reason: 'stolen', atMs: 0 });
    expect(await ask(await signer.request(order, { chip }))).toBe('issue-stopped');
    expect(await ask(await signer.request(order))).toBe('issued');
    await signer.client.liftStop({ kind: 'device', name });
    expect(await ask(await signer.request(order, { chip, unitIndex: 1 }))).toBe('issued');
  });

  it('is changed by approvers alone: a void makes room once, however often it is shown', async () => {
    const order = await signer.job(1);
    const { jobId } = order.job;
    const [first, second] = [await TestChip.make(signer.owner), await TestChip.make(signer.owner)];
    const asking = [
      await signer.request(order, { chip: first }),
      await signer.request(order, { chip: second, unitIndex: 1 }),
    ];
    expect(await ask(asking[0]!)).toBe('issued');
    const { thumbprint } = first;
    const subject = { kind: 'void', unitIndex: 0, thumbprint, reason: 'broken' } as const;
    const both = await signer.words(jobId, subject);
    const voidUnit = (approvals: IssueRequest['approvals']) =>
      signer.client.voidUnit({ job: order.job, approvals, unitIndex: 0, thumbprint, reason: 'broken' });
    await expect(voidUnit(both.slice(1))).rejects.toMatchObject({ code: 'approvals-missing' });
    expect(await ask(asking[1]!)).toBe('signer-quota-exhausted');
    await voidUnit(both);
    expect(await ask(asking[1]!)).toBe('issued');
    expect(await ask(asking[0]!)).toBe('signer-quota-exhausted');
    // The second is voided as well, and the first takes its place back: its void was used up.
    const other = { ...subject, unitIndex: 1, thumbprint: second.thumbprint };
    await signer.client.voidUnit({
      ...{ job: order.job, unitIndex: 1, thumbprint: second.thumbprint, reason: 'broken' },
      approvals: await signer.words(jobId, other),
    });
    first.reset();
    expect(await ask(await signer.request(order, { chip: first }))).toBe('issued');
    await expect(voidUnit(both)).rejects.toMatchObject({ code: 'approvals-missing' });
    expect(await ask(asking[1]!)).toBe('signer-quota-exhausted');
  });

  it('outlives it: the count goes on after a restart', async () => {
    const order = await signer.job(1);
    const request = await signer.request(order);
    expect(await ask(request)).toBe('issued');
    await signer.halt();
    expect(await ask(request)).toBe('authority-signer-away');
    await signer.run();
    expect(await ask(request)).toBe('issued');
    expect(await ask(await signer.request(order))).toBe('signer-quota-exhausted');
  });

  it('is one chip for each set of per-device data', async () => {
    const order = await signer.job(2, { deviceDataKey: crypto.randomBytes(113) });
    // The key is nobody's, so no license comes of it; the unit was counted all the same.
    expect(await ask(await signer.request(order))).toBe('internal-error');
    expect(await ask(await signer.request(order))).toBe('signer-unit-held');
  });
});

describe('the socket', () => {
  it.each([
    ['a length above the limit', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ['two lengths that are above it together', Buffer.from([2, 0, 0, 0, 2, 0, 0, 1])],
    ['no JSON', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0x7b])],
    ['bytes that are not there', Buffer.from('\0\0\0\x0b\0\0\0\x01{"bytes":2}!', 'latin1')],
    ['bytes without a place', Buffer.from('\0\0\0\x02\0\0\0\x01{}!', 'latin1')],
    ['an operation that there is not', undefined],
  ])('ends at %s, and others are served', async (_, bytes) => {
    const socket = createConnection(signer.socket);
    await once(socket, 'connect');
    if (bytes) socket.write(bytes);
    else writeFrame(socket, { id: 1, operation: 'sign', request: {} });
    socket.resume();
    await once(socket, 'close');
    expect(await ask(await signer.request(await signer.job(1)))).toBe('issued');
  });

  it('takes an order once, and refuses the number of one that it was not sent', async () => {
    const order = await signer.job(70);
    const first = await signer.request(order);
    expect(await ask(first)).toBe('issued');
    // More orders than either side keeps lie between the two.
    for (let i = 0; i < 66; i++) expect(await ask(await signer.request(await signer.job(1)))).toBe('issued');
    expect(await ask(await signer.request(order, { unitIndex: 1 }))).toBe('issued');
    const { ask: chip } = await signer.request(order, { unitIndex: 2 });
    const socket = createConnection(signer.socket);
    await once(socket, 'connect');
    writeFrame(socket, { id: 1, operation: 'issue', request: { order: 0, unitIndex: 2, ask: chip } });
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('signer-request-malformed');
    socket.destroy();
  });

  it('holds an order that was changed to what was approved', async () => {
    const order = await signer.job(1);
    const request = await signer.request(order);
    expect(await ask(request)).toBe('issued');
    expect(await ask({ ...request, approvals: [] })).toBe('approvals-missing');
    expect(await ask({ ...request, job: { ...request.job, quota: 9 } })).toBe('approvals-missing');
    expect(await ask(request)).toBe('issued');
  });

  it('is of one signer; the table may be of several, which count together', async () => {
    const order = await signer.job(1);
    const other = new ServedSigner(signer.owner);
    const { keys, approvers, openDatabase, socket } = signer;
    Object.assign(other, { keys, approvers, openDatabase, socket });
    await expect(other.run()).rejects.toMatchObject({ code: 'signer-socket-unusable' });
    other.socket = join(other.folder, 'socket');
    await other.begin();
    expect(await ask(await signer.request(order))).toBe('issued');
    await expect(other.client.issue(await signer.request(order))).rejects.toMatchObject({
      code: 'signer-quota-exhausted',
    });
    await other.remove();
  });
});

describe('an authority that asks no approver', () => {
  let rogue: TestAuthority;
  beforeAll(async () => {
    rogue = new TestAuthority(signer.owner);
    // The build that skips the check: it knows no policy, and an owner's token is enough for it.
    const { approvalPolicyObject: _, ...keys } = signer.keys;
    rogue.keys = keys;
    rogue.signer = signer.client;
    await rogue.run();
  });
  afterAll(() => rogue.remove());

  it('is refused by the signer, and the unit that it took shows in the audit', async () => {
    const opened = await rogue.openJob({ quota: 2 });
    const { status, body } = await rogue.license(opened, await rogue.chip());
    expect([status, body.code]).toEqual([409, 'approvals-missing']);
    expect((await rogue.showJob(opened.job)).licenses).toBe(0);
  });

  it('is refused when its database was changed: more units, weaker outcomes', async () => {
    const opened = await rogue.openJob({ quota: 1 });
    const jobId = fromHex(opened.job);
    const packages = [opened.sealed.manifest.digest];
    const order = { kind: 'order', quota: 1, mode: 'session', accepts: [], packages } as const;
    const words = await signer.words(jobId, order);
    for (const { approval, delegation } of words)
      await rogue.store.insertApproval(
        {
          ...{ approvalDigest: crypto.sha256(approval), jobId, approval, delegation, storedAtMs: 0 },
        },
        { timeMs: 0, kind: 'approval-stored', fields: { job: jobId } },
      );
    const first = await rogue.chip();
    expect((await rogue.license(opened, first)).status).toBe(200);
    const database = new DatabaseSync(rogue.path, { enableForeignKeyConstraints: false });
    for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
      database.exec(`DROP TRIGGER "${String(name)}"`);
    database.prepare('UPDATE jobs SET quota = 5 WHERE job_id = ?').run(jobId);
    const { body } = await rogue.license(opened, await rogue.chip());
    expect(body.code).toBe('approvals-missing');
    database.prepare('UPDATE jobs SET quota = 1 WHERE job_id = ?').run(jobId);
    database.prepare('DELETE FROM units WHERE job_id = ?').run(jobId);
    database.close();
    // Its own count begins again; the signer's does not.
    expect((await rogue.license(opened, await rogue.chip())).body.code).toBe('signer-quota-exhausted');
    const lines = await rogue.evidence();
    rogue.keys = signer.keys;
    expect((await rogue.auditLines(lines, undefined, signer.nowMs)).ok).toBe(false);
  });

  it('gets what was refused before once the signer is back', async () => {
    const order = { quota: 1 };
    const opened = await rogue.openJob(order);
    await signer.halt();
    const chip = await rogue.chip();
    const body = await rogue.licenseBody(opened, chip);
    const away = await rogue.postLicense(opened, body);
    expect([away.status, away.body.code]).toEqual([503, 'authority-signer-away']);
    await signer.run();
    expect((await rogue.postLicense(opened, body)).body.code).toBe('approvals-missing');
  });
});
