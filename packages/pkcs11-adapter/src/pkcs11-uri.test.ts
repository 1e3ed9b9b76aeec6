// RFC 7512: its own examples in the part that names one key, and what is refused.

import { expect, test } from 'vitest';
import { parsePkcs11Uri } from './pkcs11-uri.ts';

const module = '/usr/lib/module.so';
const parse = (uri: string, environment = {}) => parsePkcs11Uri(uri, environment);

test('finds module, token and object, with escapes', () => {
  const uri = `pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;object=my%2dkey;type=private?module-path=${module}`;
  expect(parse(uri)).toEqual({ module, token: 'The Software PKCS#11 Softtoken', object: 'my-key' });
  expect(parse(`pkcs11:serial=DECC0401648;id=%01%02%ba;slot-id=327?module-path=${module}`)).toEqual({
    ...{ module, serial: 'DECC0401648', slotId: 327 },
    id: Uint8Array.of(1, 2, 0xba),
  });
});

test('takes the module from the environment where it names none', () => {
  const uri = 'pkcs11:token=a;object=b';
  expect(parse(uri, { FIRMSEAL_PKCS11_MODULE: module }).module).toBe(module);
  expect(() => parse(uri)).toThrow(expect.objectContaining({ code: 'token-uri-invalid' }));
});

test.each([
  ['a PIN', `pkcs11:token=a;object=b?module-path=${module}&pin-value=1234`, 'holds a PIN'],
  ['a PIN source', `pkcs11:token=a;object=b?pin-source=file:/p&module-path=${module}`, '--passphrase-file'],
  ['no token', `pkcs11:object=b?module-path=${module}`, 'names no token'],
  ['no object', `pkcs11:token=a?module-path=${module}`, 'neither object nor id'],
  [
    'an unknown attribute',
    `pkcs11:token=a;object=b;x-own=c?module-path=${module}`,
    'unknown attribute x-own',
  ],
  ['one twice', `pkcs11:token=a;token=b;object=b?module-path=${module}`, 'names token twice'],
  ['half an escape', `pkcs11:token=a%2;object=b?module-path=${module}`, 'hexadecimal'],
  ['a certificate', `pkcs11:token=a;object=b;type=cert?module-path=${module}`, 'type is not private'],
  ['another scheme', `file:token=a;object=b?module-path=${module}`, 'does not begin with pkcs11:'],
])('refuses %s, and repeats nothing of it', (_, uri, said) => {
  const refusal = (() => {
    try {
      return String(parse(uri));
    } catch (error) {
      return String((error as Error).message);
    }
  })();
  expect(refusal).toContain(said);
  expect(refusal).not.toContain('1234');
});
