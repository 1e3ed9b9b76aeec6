// A content key is in memory as long as a license needs it: opened once for those
// at the same time, and wiped.

import type { Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { Owner, unwrapperOf } from '../../test/owner.ts';
import { SharedContentKeys } from './shared-content-keys.ts';

async function counted() {
  const owner = new Owner();
  const sealed = await owner.seal();
  const own = unwrapperOf(owner.kem);
  const clock = { nowMs: 0, unwraps: 0 };
  const kem = {
    publicKey: own.publicKey,
    ecdh: (point: Uint8Array) => {
      clock.unwraps++;
      return own.ecdh(point);
    },
  };
  const keys = new SharedContentKeys({ crypto, kems: [kem] }, () => clock.nowMs);
  const item = { file: sealed.contentKeyFile, manifest: sealed.manifest };
  return { owner, sealed, clock, keys, item };
}

const isWiped = (key: Secret): boolean => {
  try {
    return key.expose().every((byte) => byte === 0);
  } catch {
    return true;
  }
};

test('licenses at the same time open it once, and the last one wipes it', async () => {
  const { sealed, clock, keys, item } = await counted();
  const seen: Secret[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const slow = keys.use(item, async (key) => {
    seen.push(key);
    await held;
    return Uint8Array.from(key.expose());
  });
  const quick = await keys.use(item, async (key) => Uint8Array.from(key.expose()));
  expect([quick, clock.unwraps]).toEqual([sealed.contentKey, 1]);
  expect(isWiped(seen[0]!)).toBe(false);
  release();
  expect(await slow).toEqual(sealed.contentKey);
  expect(isWiped(seen[0]!)).toBe(true);
  await keys.use(item, async () => undefined);
  expect(clock.unwraps).toBe(2);
});

test('one that is needed without an end is opened again after a second', async () => {
  const { clock, keys, item } = await counted();
  await keys.use(item, async (first) => {
    clock.nowMs = 1001;
    await keys.use(item, async (second) => expect(second).not.toBe(first));
    expect([clock.unwraps, isWiped(first)]).toEqual([2, false]);
  });
});

test('a license that fails wipes it, and a file that does not open is asked again', async () => {
  const { owner, clock, keys, item } = await counted();
  let seen: Secret | undefined;
  const failing = keys.use(item, async (key) => {
    seen = key;
    throw new Error('no license');
  });
  await expect(failing).rejects.toThrow('no license');
  expect(isWiped(seen!)).toBe(true);
  const { contentKeyFile: file } = await owner.seal({ securityCounter: 6 });
  for (let i = 0; i < 2; i++)
    await expect(keys.use({ ...item, file }, async () => undefined)).rejects.toMatchObject({
      code: 'content-key-package-wrong',
    });
  expect(clock.unwraps).toBe(1);
});
