import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { isInShare, rolloutPlace } from './rollout.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

it('is the example of spec/rollout.md', () => {
  expect(rolloutPlace(crypto, filled(16, 1), filled(32, 2))).toBe(3672);
});

it('gives about the share that was asked for, nobody at 0 and everybody at 100', () => {
  const places = Array.from({ length: 2000 }, () =>
    rolloutPlace(crypto, filled(16, 1), crypto.randomBytes(32)),
  );
  const share = (percent: number) => places.filter((place) => isInShare(place, percent)).length;
  expect([share(0), share(100)]).toEqual([0, 2000]);
  expect(share(10)).toBeGreaterThan(100);
  expect(share(10)).toBeLessThan(300);
  expect(isInShare(999, 10)).toBe(true);
  expect(isInShare(1000, 10)).toBe(false);
});
