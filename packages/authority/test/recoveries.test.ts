// Recovery of a chip (spec/recovery.md) as an owner asks for it over HTTP: the floors are those of all
// licenses that the device ever got, and what is stated is logged before a chip sees it.

import { type Bytes, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeRecoveryBundle, makeRecoveryStatement, type RecoveryStatement } from '@firmseal/formats';
import { decodeLogEntry } from '@firmseal/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestChip } from './chip.ts';
import { signerOf } from './owner.ts';
import { type Answer, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const floorOf = ({ thumbprint }: { thumbprint: Bytes }, token = authority.ownerToken): Promise<Answer> =>
  authority.call('GET', `/v1/devices/${toHex(thumbprint)}/recovery-floor?product=pump`, { token });

async function record(chip: TestChip, change: Partial<RecoveryStatement> = {}): Promise<Answer> {
  const hello = await chip.hello(crypto.randomBytes(32));
  const { thumbprint, nonce } = chip;
  const statement = { thumbprint, nonce, securityCounter: 9, epoch: 0, unwraps: 16, ...change };
  const signed = await makeRecoveryStatement(crypto, signerOf(authority.owner.root), statement);
  const bundle = encodeRecoveryBundle({ statement: signed, successions: [] });
  return authority.asOwner('POST', '/v1/recoveries', {
    product: 'pump',
    certificate: toBase64url(chip.certificate),
    hello: toBase64url(hello),
    bundle: toBase64url(bundle),
  });
}

it('answers the highest counter and ceiling of every job that licensed the device', async () => {
  const chip = await authority.chip();
  const asked = { approvalsNeeded: 0, approvals: [] };
  const none = { licenses: 0, securityCounter: 0, unwraps: 0, epoch: 0, ...asked };
  expect((await floorOf(chip)).body).toEqual(none);
  for (const securityCounter of [5, 9, 7]) {
    const opened = await authority.openJob({ seal: { securityCounter } });
    await authority.install(opened, chip);
  }
  const { body } = await floorOf(chip);
  expect(body).toEqual({ licenses: 3, securityCounter: 9, unwraps: expect.any(Number), epoch: 0, ...asked });
  expect(body.unwraps).toBeGreaterThanOrEqual(16);
  expect((await floorOf(await authority.chip())).body).toEqual(none);
});

it('logs what is stated, and refuses floors below what was licensed', async () => {
  const chip = await authority.chip();
  await authority.install(await authority.openJob({ seal: { securityCounter: 9 } }), chip);
  const { unwraps } = (await floorOf(chip)).body;
  const head = await authority.store.logHead();
  expect((await record(chip, { securityCounter: 8, unwraps })).body.code).toBe('recovery-below-licensed');
  expect((await record(chip, { unwraps: unwraps - 1 })).body.code).toBe('recovery-below-licensed');
  expect((await record(chip, { epoch: 3, unwraps })).body.code).toBe('recovery-epoch-wrong');
  expect((await record(chip, { nonce: crypto.randomBytes(16), unwraps })).body.code).toBe(
    'recovery-nonce-wrong',
  );
  expect(await authority.store.logHead()).toEqual(head);
  const answer = await record(chip, { unwraps });
  expect(answer.status).toBe(200);
  const [row] = await authority.store.readLog(head.size, 9);
  expect(decodeLogEntry(row!.entry, head.size)).toMatchObject({
    kind: 'recovery-stated',
    fields: { product: 'pump', thumbprint: chip.thumbprint, counter: 9, epoch: 0, unwraps },
  });
});

it('is for the owner alone', async () => {
  const chip = await authority.chip();
  const opened = await authority.openJob();
  expect((await floorOf(chip, (await authority.lineToken(opened.job)).token)).status).toBe(403);
});

it('licenses nothing to a chip that waits for a recovery', async () => {
  const chip = await authority.chip();
  const opened = await authority.openJob();
  const answer = await authority.license(opened, chip, { lifeCycle: 'recovery-needed' });
  expect(answer.body.code).toBe('recovery-needed');
  expect((await authority.showJob(opened.job)).units).toBe(0);
});
