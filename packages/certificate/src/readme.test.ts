// The example of README.md, run as it stands there.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { thumbprintOf } from '@firmseal/formats';
import { expect, it } from 'vitest';
import { issueDeviceCertificate } from './issue.ts';
import { verifyDeviceCertificate } from './verify.ts';

const [ca, signing, kem] = [crypto.generateP256(), crypto.generateP256(), crypto.generateP256()];
const caPublicKeys = [ca.publicKey];
const signer = {
  publicKey: ca.publicKey,
  sign: (message: Uint8Array) => crypto.signEs256(ca.privateKey, message),
};
const product = 'thermostat';
const device = {
  signingKey: signing.publicKey,
  kemKey: kem.publicKey,
  thumbprint: thumbprintOf(crypto, signing.publicKey, kem.publicKey),
  chipId: 'stm32h743',
  product,
  origin: { kind: 'witnessed' as const, rehearsal: false },
};
const notBefore = new Date('2026-01-01T00:00:00Z');
const now = new Date('2026-02-01T00:00:00Z');

it('the example of the README', async () => {
  const certificate = await issueDeviceCertificate(crypto, { device, signer, notBefore });
  const { thumbprint, kemKey } = verifyDeviceCertificate(crypto, certificate, { caPublicKeys, product, now });

  expect([thumbprint, kemKey]).toEqual([device.thumbprint, device.kemKey]);
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});
