// The key that opens content keys is replaced while jobs are open: what was wrapped for the previous one is
// wrapped again, also after a kill in the middle, and then the previous one is needed no more.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { concatBytes, fromBase64url, Secret, toBase64url, utf8 } from '@firmseal/bytes';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { hpkeSeal } from '@firmseal/hpke';
import { sealContentKey } from '@firmseal/license';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrapperOf } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';
import { ServedSigner } from './served-signer.ts';

let authority: TestAuthority;
let previous: KeyPair;

beforeEach(async () => {
  authority = await TestAuthority.start();
  previous = authority.owner.kem;
});
afterEach(() => authority.remove());

/** Serves again with these keys. */
async function restart(present: KeyPair, before?: KeyPair): Promise<void> {
  await authority.halt();
  authority.owner.kem = present;
  authority.previousKem = before && unwrapperOf(before);
  await authority.run();
}

const pass = async () => (await authority.asOwner('POST', '/v1/kem/rewrap', {})).body;
const licensed = async (opened: OpenedJob) => {
  const chip = await authority.chip();
  const { body, status } = await authority.license(opened, chip);
  if (status !== 200) return body.code;
  return chip.accept(fromBase64url(body.bundle)!, opened.sealed.manifest);
};

it('open jobs, their per-device data and webhooks go on under the new key alone', async () => {
  const data = [1, 2, 3].map((n) => [new Uint8Array(32).fill(n)]);
  const plain = await authority.openJob();
  const withData = await authority.openJob({ seal: { deviceData: [32] }, deviceData: data });
  expect(await licensed(withData)).toMatchObject({ data: data[0] });
  const hook = await authority.asOwner('POST', '/v1/webhooks', {
    ...{ url: 'https://hooks.example/', events: ['job.opened'] },
  });

  const present = crypto.generateP256();
  await restart(present, previous);
  // Both keys open meanwhile, and new jobs are for the new one.
  expect(await licensed(plain)).toMatchObject({ contentKey: plain.sealed.contentKey });
  expect(await licensed(withData)).toMatchObject({ data: data[1] });
  const later = await authority.openJob();
  expect(await pass()).toMatchObject({
    ...{ kemPublicKey: toBase64url(present.publicKey), looked: 5, rewrapped: 4, unopened: 0 },
  });
  expect(await pass()).toMatchObject({ looked: 5, rewrapped: 0, unopened: 0 });

  await restart(present);
  for (const opened of [plain, later])
    expect(await licensed(opened)).toMatchObject({ contentKey: opened.sealed.contentKey });
  expect(await licensed(withData)).toMatchObject({ data: data[2] });
  const [webhook] = await authority.store.listWebhooks();
  expect(webhook!.webhookId).toBe(hook.body.webhookId);
  const key = await (await authority.local()).signer.openWebhookSecret(webhook!);
  expect(Buffer.from(key!).toString('base64')).toBe(hook.body.secret.slice('whsec_'.length));
  expect((await authority.audit()).findings).toEqual([]);
});

it('without a pass nothing is licensed under the new key alone', async () => {
  const opened = await authority.openJob();
  await restart(crypto.generateP256());
  expect(await licensed(opened)).toBe('content-key-unwrap-failed');
  expect(await pass()).toMatchObject({ looked: 1, rewrapped: 0, unopened: 1 });
});

it('a package that was sealed for the previous key opens a job, which is kept for the new one', async () => {
  const sealed = await authority.owner.seal();
  const present = crypto.generateP256();
  await restart(present, previous);
  const files = { header: toBase64url(sealed.header), contentKeyFile: toBase64url(sealed.contentKeyFile) };
  const again = await authority.asOwner('POST', '/v1/kem/content-key', files);
  expect(again.status).toBe(200);
  const open = await authority.asOwner('POST', '/v1/jobs', { ...files, quota: 1 });
  expect(open.status).toBe(201);
  expect(await pass()).toMatchObject({ looked: 1, rewrapped: 0 });
  await restart(present);
  // The old file is for nobody now; the one that was wrapped again is.
  expect((await authority.asOwner('POST', '/v1/jobs', { ...files, quota: 1 })).body.code).toBe(
    'content-key-unwrap-failed',
  );
  const renewed = { ...files, contentKeyFile: again.body.contentKeyFile, quota: 1 };
  expect((await authority.asOwner('POST', '/v1/jobs', renewed)).status).toBe(201);
});

it('a file of another package, or a key that the manifest does not commit to, is not wrapped again', async () => {
  const [one, other] = [await authority.owner.seal(), await authority.owner.seal()];
  await restart(crypto.generateP256(), previous);
  const ask = async (contentKeyFile: Uint8Array) =>
    (
      await authority.asOwner('POST', '/v1/kem/content-key', {
        ...{ header: toBase64url(one.header), contentKeyFile: toBase64url(contentKeyFile) },
      })
    ).body.code;
  expect(await ask(other.contentKeyFile)).toBe('content-key-package-wrong');
  const forged = sealContentKey(crypto, {
    contentKey: new Secret(crypto.randomBytes(32)),
    ...{ manifestDigest: one.manifest.digest, authorityKemKey: previous.publicKey },
  });
  expect(await ask(forged)).toBe('key-commitment-wrong');
});

it.each(['before', 'after'] as const)('killed %s a page is written, a pass goes on', async (phase) => {
  const opened: OpenedJob[] = [];
  const data = [[new Uint8Array(32).fill(7)]];
  const job = { quota: 1, seal: { deviceData: [32] }, deviceData: data };
  for (let n = 0; n < 12; n++) opened.push(await authority.openJob(n === 0 ? job : { quota: 1 }));
  const present = crypto.generateP256();
  await restart(present, previous);
  const { store } = authority;
  const whole = store.replaceWrapped;
  let left = 1;
  store.replaceWrapped = async (...words) => {
    if (left-- > 0) return whole(...words);
    if (phase === 'after') await whole(...words);
    throw new Error('killed');
  };
  const first = await pass();
  expect(first).toMatchObject({ rewrapped: 10, next: 10 });
  const broken = await authority.asOwner('POST', '/v1/kem/rewrap', { from: first.next });
  expect(broken.status).toBe(500);
  await restart(present, previous);
  const second = await pass();
  expect(second).toMatchObject({ rewrapped: 0, next: 10 });
  const last = await authority.asOwner('POST', '/v1/kem/rewrap', { from: 10 });
  expect(last.body).toMatchObject({ rewrapped: phase === 'after' ? 0 : 3, unopened: 0 });
  await restart(present);
  for (const one of opened) expect(await licensed(one)).toMatchObject({ contentKey: one.sealed.contentKey });
  expect((await authority.audit()).findings).toEqual([]);
});

it('a signer of its own keeps its count of a job whose data key was wrapped again, and takes no other key', async () => {
  const signer = await ServedSigner.start();
  const order = await signer.job(1);
  const wrap = (value: Uint8Array, to: Uint8Array) => {
    const info = utf8('firmseal/1 authority device-data');
    const { enc, sealed } = hpkeSeal(crypto, {
      ...{ recipientPublicKey: to, info, aad: order.job.jobId, plaintext: value },
    });
    return concatBytes(enc, sealed);
  };
  const old = signer.owner.kem;
  const job = { ...order.job, deviceDataKey: wrap(crypto.randomBytes(32), old.publicKey) };
  await signer.halt();
  signer.owner.kem = crypto.generateP256();
  signer.previousKem = unwrapperOf(old);
  await signer.run();
  const deviceDataKey = (await signer.client.rewrap({ kind: 'device-data', job }))!;
  expect(deviceDataKey).not.toEqual(job.deviceDataKey);
  const ask = (more: object) =>
    signer.client.rewrap({ kind: 'device-data', job: { ...job, ...more } }).then(
      () => 'same',
      (fault) => fault.code,
    );
  expect(await ask({ deviceDataKey })).toBe('same');
  expect(await ask({})).toBe('same');
  const foreign = wrap(crypto.randomBytes(32), old.publicKey);
  expect(await ask({ deviceDataKey: foreign })).toBe('signer-job-differs');
  expect(await ask({ quota: 9 })).toBe('signer-job-differs');
  await signer.remove();
});

it('a table of the signer from before such keys were noted is taken over as it is', async () => {
  const signer = await ServedSigner.start();
  const order = await signer.job(1);
  await signer.client.issue(await signer.request(order));
  await signer.halt();
  const path = join(signer.folder, 'signer.sqlite');
  const database = new DatabaseSync(path);
  database.exec(
    'DROP TABLE signer_terms; DROP TABLE signer_sites; DROP TABLE signer_certificates; DROP TABLE signer_challenges; UPDATE signer_version SET version = 1',
  );
  database.close();
  await signer.run();
  await expect(signer.client.issue(await signer.request(order))).rejects.toMatchObject({
    code: 'signer-quota-exhausted',
  });
  await signer.remove();
});
