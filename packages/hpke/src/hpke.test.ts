// Against RFC 9180, appendix A.3 (same KEM and KDF, AES-128-GCM) as far as it fits, and against @hpke/core
// with all of suite 1, in both directions.

import { createDecipheriv } from 'node:crypto';
import { concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, test } from 'vitest';
import { hpkeOpen, hpkeOpenWith, hpkeSeal } from './hpke.ts';
import { sharedSecretOf } from './kem.ts';
import { keySchedule } from './key-schedule.ts';

const a3 = {
  info: fromHex('4f6465206f6e2061204772656369616e2055726e'),
  skEm: fromHex('4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb'),
  enc: fromHex(
    '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9' +
      '8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
  ),
  skRm: fromHex('f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2'),
  pkRm: fromHex(
    '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82' +
      '6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
  ),
  sharedSecret: 'c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8',
  key: '868c066ef58aae6dc589b6cfdd18f97e',
  nonce: '4e0bc5018beba4bf004cca59',
  plaintext: '4265617574792069732074727574682c20747275746820626561757479',
  aad: fromHex('436f756e742d30'),
  ciphertext: fromHex(
    '5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434',
  ),
};

describe('RFC 9180, A.3', () => {
  test('the KEM gives the shared secret on both sides', () => {
    expect(crypto.p256FromPrivate(a3.skEm)?.publicKey).toEqual(a3.enc);
    expect(crypto.p256FromPrivate(a3.skRm)?.publicKey).toEqual(a3.pkRm);
    for (const dh of [crypto.ecdhP256(a3.skEm, a3.pkRm)!, crypto.ecdhP256(a3.skRm, a3.enc)!]) {
      const secret = sharedSecretOf(crypto, { dh, enc: a3.enc, recipientPublicKey: a3.pkRm });
      expect(toHex(secret)).toBe(a3.sharedSecret);
    }
  });

  test('the key schedule gives key and nonce, which open the first ciphertext', () => {
    const { key, nonce } = keySchedule(crypto, {
      sharedSecret: fromHex(a3.sharedSecret),
      info: a3.info,
      aead: { id: 0x0001, keySizeBytes: 16 },
    });
    expect(toHex(key)).toBe(a3.key);
    expect(toHex(nonce)).toBe(a3.nonce);
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAAD(a3.aad).setAuthTag(a3.ciphertext.subarray(-16));
    const opened = concatBytes(decipher.update(a3.ciphertext.subarray(0, -16)), decipher.final());
    expect(toHex(opened)).toBe(a3.plaintext);
  });
});

const recipient = crypto.p256FromPrivate(a3.skRm)!;
const info = utf8('info');
const aad = utf8('aad');
const plaintext = utf8('a content key of thirty-two byte');

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const theirPublic = () => suite.kem.deserializePublicKey(recipient.publicKey);
const theirPrivate = () => suite.kem.deserializePrivateKey(recipient.privateKey);

describe('@hpke/core', () => {
  test.each([0, 1, 32, 1000])('opens what is sealed here (%i bytes)', async (size) => {
    const message = crypto.randomBytes(size);
    const { enc, sealed } = hpkeSeal(crypto, {
      recipientPublicKey: recipient.publicKey,
      info,
      aad,
      plaintext: message,
    });
    const opened = await suite.open({ recipientKey: await theirPrivate(), enc, info }, sealed, aad);
    expect(new Uint8Array(opened)).toEqual(message);
  });

  test.each([0, 1, 32, 1000])('seals what is opened here (%i bytes)', async (size) => {
    const message = crypto.randomBytes(size);
    const { enc, ct } = await suite.seal({ recipientPublicKey: await theirPublic(), info }, message, aad);
    const opened = hpkeOpen(crypto, {
      recipient,
      enc: new Uint8Array(enc),
      info,
      aad,
      sealed: new Uint8Array(ct),
    });
    expect(opened).toEqual(message);
  });

  test('takes empty info and aad alike', async () => {
    const none = new Uint8Array(0);
    const { enc, sealed } = hpkeSeal(crypto, {
      recipientPublicKey: recipient.publicKey,
      info: none,
      aad: none,
      plaintext,
    });
    const opened = await suite.open({ recipientKey: await theirPrivate(), enc }, sealed);
    expect(new Uint8Array(opened)).toEqual(plaintext);
  });
});

describe('opening', () => {
  const message = hpkeSeal(crypto, { recipientPublicKey: recipient.publicKey, info, aad, plaintext });
  const whole = { recipient, ...message, info, aad };
  const unwrapper = {
    publicKey: recipient.publicKey,
    ecdh: async (point: Uint8Array) => crypto.ecdhP256(recipient.privateKey, point),
  };

  test('gives the plaintext, by key pair or by unwrapper', async () => {
    expect(hpkeOpen(crypto, whole)).toEqual(plaintext);
    expect(await hpkeOpenWith(crypto, { ...message, info, aad, unwrapper })).toEqual(plaintext);
  });

  test('gives nothing when any byte of anything was changed', async () => {
    let refused = 0;
    for (const name of ['enc', 'info', 'aad', 'sealed'] as const) {
      for (let i = 0; i < whole[name].length; i++) {
        const changed = Uint8Array.from(whole[name]);
        changed[i]! ^= 1;
        expect(hpkeOpen(crypto, { ...whole, [name]: changed })).toBeUndefined();
        refused++;
      }
    }
    expect(refused).toBe(65 + 4 + 3 + 48);
    expect(hpkeOpen(crypto, { ...whole, recipient: crypto.generateP256() })).toBeUndefined();
    const sealed = message.sealed.subarray(1);
    expect(await hpkeOpenWith(crypto, { ...message, sealed, info, aad, unwrapper })).toBeUndefined();
  });

  test('gives nothing for an invalid enc, and does not ask the unwrapper about it', async () => {
    let asked = 0;
    const counting = {
      ...unwrapper,
      ecdh: (point: Uint8Array) => {
        asked++;
        return unwrapper.ecdh(point);
      },
    };
    const compressed = concatBytes(Uint8Array.of(2 + (message.enc[64]! & 1)), message.enc.subarray(1, 33));
    const offCurve = Uint8Array.from(message.enc);
    offCurve[64]! ^= 1;
    for (const enc of [compressed, offCurve, new Uint8Array(65), new Uint8Array(0), Uint8Array.of(0)]) {
      expect(hpkeOpen(crypto, { ...whole, enc })).toBeUndefined();
      expect(await hpkeOpenWith(crypto, { ...message, enc, info, aad, unwrapper: counting })).toBeUndefined();
    }
    expect(asked).toBe(0);
    await hpkeOpenWith(crypto, { ...message, info, aad, unwrapper: counting });
    expect(asked).toBe(1);
  });
});

describe('sealing', () => {
  test('is fresh each time, but for a given ephemeral key', () => {
    const inputs = { recipientPublicKey: recipient.publicKey, info, aad, plaintext };
    expect(hpkeSeal(crypto, inputs).enc).not.toEqual(hpkeSeal(crypto, inputs).enc);
    const ephemeral = crypto.p256FromPrivate(a3.skEm)!;
    expect(hpkeSeal(crypto, { ...inputs, ephemeral })).toEqual(hpkeSeal(crypto, { ...inputs, ephemeral }));
    expect(hpkeSeal(crypto, { ...inputs, ephemeral }).enc).toEqual(a3.enc);
  });

  test('refuses a recipient that is no point', () => {
    expect(() => hpkeSeal(crypto, { recipientPublicKey: new Uint8Array(65), info, aad, plaintext })).toThrow(
      expect.objectContaining({ code: 'hpke-recipient-invalid' }),
    );
  });
});
