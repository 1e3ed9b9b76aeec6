// The damage campaign against the product's own reader: nothing is accepted, everything is
// refused for the right reason. In a sample every fifth flip and truncation.

import { concatBytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { openPackage, sealPackage } from '@firmseal/seal';
import { smallCore } from '@firmseal/seal/testing';
import { expect, it } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { keyPair, seededBytes, signerOf } from '../../tools/vectors/vector-keys.ts';
import { delegate, product } from '../../tools/vectors/workshop.ts';
import { mutationsOf } from './mutations.ts';

const firmware = (address: number, lengthBytes: number) => ({
  area: { kind: 'firmware' as const, address, lengthBytes },
  plaintext: seededBytes(`campaign ${address}`, lengthBytes),
});

/** Two areas, five records: 1024, 32, 1024, 1024 and 32 bytes of plaintext. */
async function smallPackage() {
  const sealed = await sealPackage(crypto, {
    core: smallCore,
    areas: [firmware(0x08040000, 1056), firmware(0x08080000, 2080)],
    signer: signerOf('package signer'),
    delegation: await delegate(),
    rootPublicKey: keyPair('root').publicKey,
    randomness: seededBytes('campaign randomness', 32),
  });
  return { ...sealed, file: concatBytes(...sealed.parts) };
}

/** Without a common factor with the bits of a byte, so that each of the eight is flipped. */
const step = sampled(1, 5);

it('refuses damage with the code of the specification', async () => {
  const { file, contentKey, manifest } = await smallPackage();
  const trust = { rootPublicKey: keyPair('root').publicKey, product, epoch: 1 };
  const open = (bytes: Uint8Array) => openPackage(crypto, { file: bytes, trust, contentKey });
  open(file);
  const kinds = new Map<string, number>();
  const codes = new Map<string, number>();
  const wrong: string[] = [];
  let accepted = 0;
  let tried = 0;
  const raise = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { kind, where, file: damaged, expected } of mutationsOf(file, manifest.core)) {
    raise(kinds, kind);
    const isOneOfMany = kind === 'bit flip' || kind === 'truncation';
    if (isOneOfMany && kinds.get(kind)! % step !== 0) continue;
    tried++;
    try {
      open(damaged);
      accepted++;
      wrong.push(`${where}: accepted`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      raise(codes, error.code);
      if (!expected.includes(error.code)) wrong.push(`${where}: ${error.code}, not ${expected.join(' or ')}`);
    }
  }
  console.log(
    `${file.length} bytes;`,
    Object.fromEntries(kinds),
    `accepted ${accepted};`,
    Object.fromEntries(codes),
  );
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan((9 * file.length) / step);
  expect(accepted).toBe(0);
  expect(kinds.get('bit flip')).toBe(8 * file.length);
  expect(kinds.get('truncation')).toBe(file.length);
  expect(kinds.get('exchange')).toBe(10);
  expect(kinds.get('repetition')).toBe(5);
  expect(kinds.get('loss')).toBe(5);
  expect(kinds.get('replacement')).toBe(20);
});
