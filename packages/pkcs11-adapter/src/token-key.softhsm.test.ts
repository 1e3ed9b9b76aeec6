// Keys in a SoftHSM2: made there, used there, not to be had from there; and what people and tokens do wrong.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import type { KeyRole } from '@firmseal/keys';
import { makeSoftHsm, type SoftHsm } from '@firmseal/pkcs11-adapter/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { cki, loadModule } from './pkcs11-library.ts';
import { parsePkcs11Uri } from './pkcs11-uri.ts';
import { makeTokenKey, openTokenKey } from './token-key.ts';

hasTool('softhsm2-util', 'in-ci', ['--version']);

let hsm: SoftHsm;
beforeAll(() => {
  hsm = makeSoftHsm('factory', 'other');
  Object.assign(process.env, hsm.environment);
});
afterAll(() => {
  delete process.env['SOFTHSM2_CONF'];
  hsm.remove();
});

const pin = (text = hsm.pin) => new Secret(utf8(text));
const place = (object: string, role: KeyRole, text?: string) => ({
  ...{ uri: hsm.uri('factory', object), pin: pin(text), role },
});
const fault = (code: string) => expect.objectContaining({ code });
const message = utf8('a delegation');

test('signs with a key that was made in the token: low s, verified by another library', async () => {
  const { publicKey } = await makeTokenKey(nodeCrypto, place('signer', 'package-signer'));
  const key = await openTokenKey(nodeCrypto, place('signer', 'package-signer'));
  expect(key.publicKey).toEqual(publicKey);
  // A token gives a high s half of the time, and verifyEs256 refuses it.
  for (let index = 0; index < 16; index++) {
    const text = utf8(`message ${index}`);
    expect(nodeCrypto.verifyEs256(publicKey, text, await key.sign(text))).toBe(true);
  }
  await expect(key.ecdh(publicKey)).rejects.toThrow(fault('key-role-wrong'));
  key.close();
});

test('agrees on the same secret as the other side, and refuses points that are not on the curve', async () => {
  await makeTokenKey(nodeCrypto, place('kem', 'authority-kem'));
  const key = await openTokenKey(nodeCrypto, place('kem', 'authority-kem'));
  const other = nodeCrypto.generateP256();
  expect(await key.ecdh(other.publicKey)).toEqual(nodeCrypto.ecdhP256(other.privateKey, key.publicKey));
  const off = Uint8Array.from(other.publicKey);
  off[64]! ^= 1;
  expect(await key.ecdh(off)).toBeUndefined();
  await expect(key.sign(message)).rejects.toThrow(fault('key-role-wrong'));
  key.close();
});

test('the token gives the private key to nobody, and allows one use', async () => {
  const { module: path } = parsePkcs11Uri(hsm.uri('factory', 'signer'), {});
  const module = await loadModule(path);
  const key = await openTokenKey(nodeCrypto, place('signer', 'package-signer'));
  const slot = module
    .C_GetSlotList(true)
    .find((one) => module.C_GetTokenInfo(one).label.trim() === 'factory')!;
  const session = module.C_OpenSession(slot, cki.serialSession);
  module.C_FindObjectsInit(session, [
    { type: cki.classAttribute, value: cki.privateKeyClass },
    { type: cki.label, value: 'signer' },
  ]);
  const [handle] = module.C_FindObjects(session, 2);
  module.C_FindObjectsFinal(session);
  expect(() => module.C_GetAttributeValue(session, handle!, [{ type: cki.value }])).toThrow(
    /CKR_ATTRIBUTE_SENSITIVE/,
  );
  const flag = (type: number) => module.C_GetAttributeValue(session, handle!, [{ type }])[0]!.value[0];
  expect([cki.sign, cki.derive, cki.extractable, cki.sensitive].map(flag)).toEqual([1, 0, 0, 1]);
  module.C_CloseSession(session);
  key.close();
});

test('many at once share a few sessions', async () => {
  const key = await openTokenKey(nodeCrypto, place('signer', 'package-signer'));
  const signatures = await Promise.all(
    Array.from({ length: 40 }, (_, index) => key.sign(utf8(`at once ${index}`))),
  );
  for (const [index, signature] of signatures.entries())
    expect(nodeCrypto.verifyEs256(key.publicKey, utf8(`at once ${index}`), signature)).toBe(true);
  key.close();
});

test('a token whose sessions ended is used again; one that stays away is named, and found when it is back', async () => {
  const key = await openTokenKey(nodeCrypto, place('signer', 'package-signer'));
  const { module: path } = parsePkcs11Uri(hsm.uri('factory', 'signer'), {});
  const module = (await loadModule(path)) as unknown as { C_CloseAllSessions(slot: Buffer): void } & Awaited<
    ReturnType<typeof loadModule>
  >;
  const slot = module
    .C_GetSlotList(true)
    .find((one) => module.C_GetTokenInfo(one).label.trim() === 'factory')!;
  module.C_CloseAllSessions(slot);
  expect(nodeCrypto.verifyEs256(key.publicKey, message, await key.sign(message))).toBe(true);

  const tokens = join(hsm.folder, 'tokens');
  module.C_CloseAllSessions(slot);
  renameSync(tokens, `${tokens}-away`);
  await expect(key.sign(message)).rejects.toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^token-/) }),
  );
  renameSync(`${tokens}-away`, tokens);
  expect(nodeCrypto.verifyEs256(key.publicKey, message, await key.sign(message))).toBe(true);
  key.close();
});

test('a wrong PIN is tried once', async () => {
  await expect(openTokenKey(nodeCrypto, place('signer', 'package-signer', '00000000'))).rejects.toThrow(
    fault('token-pin-wrong'),
  );
  const key = await openTokenKey(nodeCrypto, place('signer', 'package-signer'));
  key.close();
});

test.each([
  ['a token that is not there', () => ({ uri: hsm.uri('nowhere', 'signer') }), 'token-absent'],
  ['a key that is not there', () => ({ uri: hsm.uri('factory', 'none') }), 'token-key-missing'],
  ['a key of another use', () => ({ uri: hsm.uri('factory', 'kem') }), 'token-key-unfit'],
  ['a key of another role', () => ({ role: 'root' as const }), 'key-role-wrong'],
  [
    'a module that is not there',
    () => ({ uri: 'pkcs11:token=factory;object=signer?module-path=/nowhere.so' }),
    'pkcs11-module-failed',
  ],
])('%s is named', async (_, change, code) => {
  await expect(
    openTokenKey(nodeCrypto, { ...place('signer', 'package-signer'), ...change() }),
  ).rejects.toThrow(fault(code));
});

test('a key is not made twice', async () => {
  await expect(makeTokenKey(nodeCrypto, place('signer', 'package-signer'))).rejects.toThrow(
    fault('token-key-exists'),
  );
});
