import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, test } from 'vitest';
import type { OpenedKey } from './key-file.ts';
import { noteSignerOf, signerOf, unwrapperOf } from './key-holder.ts';
import { isEd25519Role, type KeyRole, keyRoles } from './key-role.ts';

function keyOf(role: KeyRole): OpenedKey {
  const { publicKey, privateKey } = isEd25519Role(role) ? crypto.generateEd25519() : crypto.generateP256();
  return {
    role,
    created: '2026-01-02T03:04:05.000Z',
    publicKey,
    holder: new Secret(privateKey),
    close: () => {},
  };
}

describe.each(keyRoles)('%s', (role) => {
  const key = keyOf(role);
  const refusal = expect.objectContaining({ code: 'key-role-wrong' });

  test('signs notes only if it is for that', async () => {
    for (const asked of ['ledger', 'witness'] as const) {
      if (role !== asked) {
        expect(() => noteSignerOf(crypto, key, asked)).toThrow(refusal);
        continue;
      }
      const signature = await noteSignerOf(crypto, key, asked).sign(utf8('message'));
      expect(crypto.verifyEd25519(key.publicKey, utf8('message'), signature)).toBe(true);
    }
  });

  test('signs objects unless it is for unwrapping or notes', async () => {
    if (role === 'authority-kem' || isEd25519Role(role)) {
      expect(() => signerOf(crypto, key)).toThrow(refusal);
      return;
    }
    const signer = signerOf(crypto, key);
    const signature = await signer.sign(utf8('message'));
    expect(crypto.verifyEs256(signer.publicKey, utf8('message'), signature)).toBe(true);
  });

  test('unwraps only if it is for that', async () => {
    if (role !== 'authority-kem') {
      expect(() => unwrapperOf(crypto, key)).toThrow(refusal);
      return;
    }
    const unwrapper = unwrapperOf(crypto, key);
    const peer = crypto.generateP256();
    expect(await unwrapper.ecdh(peer.publicKey)).toEqual(crypto.ecdhP256(peer.privateKey, key.publicKey));
    expect(await unwrapper.ecdh(new Uint8Array(65))).toBeUndefined();
  });
});

test('a wiped key signs no more', async () => {
  const key = keyOf('root');
  const signer = signerOf(crypto, key);
  (key.holder as Secret).wipe();
  await expect(signer.sign(utf8('message'))).rejects.toMatchObject({ code: 'internal-error' });
});
