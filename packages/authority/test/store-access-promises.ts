// What store.ts promises of challenges and tokens, as part of store-conformance.ts.

import { expect, it } from 'vitest';
import type { ConformanceKit } from './store-owner-promises.ts';
import { event, id, jobId } from './store-samples.ts';

const all = { from: 0, limit: 1000 };

export function accessPromises({
  store,
  open,
  logSize,
}: Pick<ConformanceKit, 'store' | 'open' | 'logSize'>): void {
  it('forgets challenges when they expire and keeps them to their job and purpose', async () => {
    await open(1);
    const given = { challenge: id(9, 32), jobId, purpose: 'hello' as const };
    await store().insertChallenge({ ...given, createdAtMs: 100, expiresAtMs: 200 });
    expect(await store().findChallenge({ ...given, nowMs: 200 })).toMatchObject({
      ...{ expiresAtMs: 200, logSize: 1 },
    });
    expect(await store().findChallenge({ ...given, nowMs: 201 })).toBeUndefined();
    expect(await store().findChallenge({ ...given, purpose: 'receipt', nowMs: 150 })).toBeUndefined();
    expect(await store().findChallenge({ ...given, jobId: id(5, 16), nowMs: 150 })).toBeUndefined();
    await store().insertChallenge({ ...given, challenge: id(10, 32), createdAtMs: 201, expiresAtMs: 300 });
    expect(await store().findChallenge({ ...given, nowMs: 150 })).toBeUndefined();
    expect(await logSize()).toBe(1);
  });

  it('keeps tokens by hash and revokes them once', async () => {
    await open(1);
    const line = {
      tokenId: 'aa',
      tokenHash: id(1, 32),
      scope: 'line' as const,
      jobId,
      label: 'l',
      createdAtMs: 1,
      expiresAtMs: 77,
      station: 'bench-1',
    };
    const owner = {
      tokenId: 'bb',
      tokenHash: id(2, 32),
      scope: 'owner' as const,
      label: 'o',
      createdAtMs: 2,
    };
    await store().insertToken(line, event('token'));
    await store().insertToken(owner, event('token'));
    expect(await store().findToken(id(1, 32))).toEqual(line);
    expect(await store().findToken(id(3, 32))).toBeUndefined();
    expect(await store().listTokens(all)).toEqual([owner, line]);
    expect(await store().listTokens({ from: 1, limit: 1 })).toEqual([line]);
    expect(await store().revokeToken('aa', 50, event('revoke'))).toBe(true);
    expect(await store().revokeToken('aa', 51, event('revoke'))).toBe(false);
    expect(await store().revokeToken('cc', 51, event('revoke'))).toBe(false);
    expect(await store().findToken(id(1, 32))).toEqual({ ...line, revokedAtMs: 50 });
    await expect(
      store().insertToken({ ...owner, tokenHash: id(4, 32), jobId }, event('x')),
    ).rejects.toThrow();
    expect(await logSize()).toBe(4);
  });
}
