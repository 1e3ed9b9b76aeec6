import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findPassphrase, passphraseOf } from './passphrase.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firmseal-passphrase-'));
  file = join(folder, 'passphrase');
});
afterEach(() => rm(folder, { recursive: true }));

const found = async (inputs: Parameters<typeof findPassphrase>[0]) =>
  (await findPassphrase(inputs))?.expose();
const environment = { FIRMSEAL_PASSPHRASE: 'from the environment' };

describe('the file', () => {
  test.each([
    ['with a newline', 'open sesame\n'],
    ['with a carriage return', 'open sesame\r\n'],
    ['without', 'open sesame'],
    ['with further lines', 'open sesame\nand a note\n'],
  ])('%s gives its first line, ahead of the environment', async (_, text) => {
    await writeFile(file, text);
    expect(await found({ file, environment })).toEqual(utf8('open sesame'));
  });

  test('keeps spaces, which are part of it', async () => {
    await writeFile(file, ' a b \n');
    expect(await found({ file, environment })).toEqual(utf8(' a b '));
  });

  test.each<[string, string | Uint8Array]>([
    ['empty', ''],
    ['of one empty line', '\nsecond'],
    ['not UTF-8', Uint8Array.of(0x61, 0xff)],
  ])('%s is refused and does not fall back to the environment', async (_, content) => {
    await writeFile(file, content);
    await expect(findPassphrase({ file, environment })).rejects.toMatchObject({
      code: 'key-passphrase-empty',
    });
  });

  test('that is not there, or is too long, is refused as such', async () => {
    await expect(findPassphrase({ file, environment })).rejects.toMatchObject({ code: 'file-missing' });
    await writeFile(file, 'x'.repeat(5000));
    await expect(findPassphrase({ file, environment })).rejects.toMatchObject({ code: 'file-too-large' });
  });
});

test('the environment is next; without it nothing is found', async () => {
  expect(await found({ environment })).toEqual(utf8('from the environment'));
  expect(await findPassphrase({ environment: {} })).toBeUndefined();
  await expect(findPassphrase({ environment: { FIRMSEAL_PASSPHRASE: '' } })).rejects.toMatchObject({
    code: 'key-passphrase-empty',
  });
});

test('accents are the same however they were typed', () => {
  expect(passphraseOf('caf\u0065\u0301', 'a test').expose()).toEqual(
    passphraseOf('caf\u00e9', 'a test').expose(),
  );
});
