import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { faultCode, testSigner } from '@firmseal/seal/testing';
import { describe, expect, it } from 'vitest';
import { device, deviceSigner, filled, manifest } from '../test/licensed-chip.ts';
import { type Hello, makeHello, parseHelloUnverified, verifyHello } from './hello.ts';

const hello: Hello = {
  challenge: filled(20, 1),
  nonce: filled(16, 2),
  thumbprint: device.thumbprint,
  chipId: 'stm32f427',
  lifeCycle: 'installed',
  optionBytes: [{ register: 0, value: 1 }],
  readoutLevel: 2,
  securityCounter: 3,
  epoch: 1,
  installCount: 2,
  agentVersion: 1,
  manifestDigest: manifest.digest,
  origin: device.origin,
  levelKey: false,
  unwraps: 3,
};
const verify = async (change: Partial<Hello>, by = deviceSigner) => {
  const bytes = await makeHello(crypto, by, { ...hello, ...change });
  return faultCode(() => verifyHello(crypto, { hello: bytes, device, challenge: hello.challenge }));
};

describe('a hello', () => {
  it('comes back as it was signed', async () => {
    const bytes = await makeHello(crypto, deviceSigner, hello);
    expect(verifyHello(crypto, { hello: bytes, device, challenge: hello.challenge })).toEqual(hello);
    expect(parseHelloUnverified(bytes)).toEqual(hello);
    const { manifestDigest, ...blank } = { ...hello, lifeCycle: 'blank' as const };
    expect(parseHelloUnverified(await makeHello(crypto, deviceSigner, blank))).toEqual(blank);
  });

  it('is refused in the order of the checks', async () => {
    expect(await verify({ nonce: filled(15, 2) })).toBe('hello-malformed');
    expect(await verify({ nonce: filled(15, 2) }, testSigner('stranger'))).toBe('hello-signature-invalid');
    expect(await verify({ thumbprint: filled(32, 0) })).toBe('hello-thumbprint-wrong');
    expect(await verify({ chipId: 'stm32h743' })).toBe('hello-chip-wrong');
    expect(await verify({ origin: { kind: 'enrolled', rehearsal: false } })).toBe('hello-origin-wrong');
    expect(await verify({ challenge: filled(20, 0) })).toBe('hello-challenge-wrong');
    expect(await verify({ challenge: new Uint8Array(0) })).toBe('hello-challenge-wrong');
  });

  it('has a challenge of 16 bytes at least, or none', async () => {
    expect(await verify({ challenge: filled(15, 1) })).toBe('hello-malformed');
    expect(await verify({ challenge: filled(33, 1) })).toBe('hello-malformed');
    const bytes = await makeHello(crypto, deviceSigner, { ...hello, challenge: new Uint8Array(0) });
    expect(await faultCode(() => verifyHello(crypto, { hello: bytes, device }))).toBe(undefined);
  });
});
