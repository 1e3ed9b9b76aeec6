// Kills the authority before and after every durable write while it licenses the chips of a
// batch, and goes on with the files as they lay on the disk. The repeat of the request ends the
// same: a unit and a license each.

import { toBase64url } from '@firmseal/bytes';
import { makeIdentityRecord } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { type CrashStore, crashStore } from './crash-store.ts';
import { signerOf } from './owner.ts';
import { TestAuthority } from './running-authority.ts';

async function recordOf(authority: TestAuthority): Promise<string> {
  const chip = await authority.chip();
  const challenge = crypto.randomBytes(32);
  const record = await makeIdentityRecord(crypto, signerOf(authority.owner.deviceCa), {
    ...{ certificate: chip.certificate, challenge, hello: await chip.hello(challenge) },
    ...{ uniqueId: Uint8Array.of(1), agentSha256: null, board: '' },
    madeAt: Math.floor(authority.nowMs / 1000),
  });
  return toBase64url(record);
}

const points = [0, 1, 2, 3].flatMap((write) =>
  (['before', 'after'] as const).map((phase) => ({ write, phase })),
);

it.each(points)('a kill $phase write $write: the repeat ends the same', async (point) => {
  const authority = await TestAuthority.start();
  try {
    const { job } = await authority.openJob({ mode: 'standing', quota: 2 });
    const body = {
      records: [await recordOf(authority), await recordOf(authority)],
      notAfterSeconds: Math.floor(authority.nowMs / 1000) + 86_400,
    };
    const ask = () => authority.asOwner('POST', `/v1/jobs/${job}/record-licenses`, body);
    await authority.halt();
    let wrapped!: CrashStore;
    let frozen = authority.path;
    await authority.run({
      wrap: (store) => {
        wrapped = crashStore(store, point, () => {
          frozen = authority.copyFiles('at-the-crash.db');
          throw new Error('killed');
        });
        return wrapped.store;
      },
    });
    expect((await ask()).body.code).toBe('internal-error');
    expect(wrapped.fired).toBe(true);
    await authority.halt();
    authority.path = frozen;
    await authority.run();
    const again = await ask();
    expect(again.status).toBe(200);
    expect(again.body.licenses).toHaveLength(2);
    expect(await authority.showJob(job)).toMatchObject({ units: 2, licenses: 2, remaining: 0 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  } finally {
    await authority.remove();
  }
});
