import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeyFile, inspectKeyFile, openKeyFile } from './key-file.ts';
import { defaultScryptCost } from './passphrase-key.ts';

const scryptCost = { n: 16, r: 8, p: 1 };
const now = new Date('2026-01-02T03:04:05Z');
const passphrase = new Secret(utf8('correct horse'));
const code = (name: string) => expect.objectContaining({ code: name });

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firmseal-keys-'));
  path = join(folder, 'root.key');
});
afterEach(() => rm(folder, { recursive: true }));

const create = (more: { privateKey?: Secret } = {}) =>
  createKeyFile(crypto, { path, role: 'root', passphrase, now, scryptCost, ...more });
const open = (secret = passphrase) => openKeyFile(crypto, { path, passphrase: secret });
type Fields = {
  [N in 'format' | 'role' | 'created' | 'publicKey' | 'nonce' | 'ciphertext' | 'comment']: unknown;
} & { kdf: { [N in 'name' | 'n' | 'r' | 'p' | 'salt']: unknown } };
const change = async (edit: (fields: Fields) => void) => {
  const fields = JSON.parse(await readFile(path, 'utf8')) as Fields;
  edit(fields);
  await writeFile(path, JSON.stringify(fields));
};

describe('a key file', () => {
  test('opens with its passphrase', async () => {
    const info = await create();
    const key = await open();
    expect(key).toMatchObject({
      role: 'root',
      created: '2026-01-02T03:04:05.000Z',
      publicKey: info.publicKey,
    });
    expect(crypto.p256FromPrivate((key.holder as Secret).expose())?.publicKey).toEqual(info.publicKey);
    expect(await inspectKeyFile(path)).toEqual(info);
  });

  test('stores a key that is given, leaving the given one alone', async () => {
    const pair = crypto.generateP256();
    const given = new Secret(Uint8Array.from(pair.privateKey));
    await create({ privateKey: given });
    expect(((await open()).holder as Secret).expose()).toEqual(pair.privateKey);
    expect(given.expose()).toEqual(pair.privateKey);
    expect(await readFile(path, 'utf8')).not.toContain(toHex(pair.privateKey));
  });

  test('refuses to store what is no scalar', async () => {
    await expect(create({ privateKey: new Secret(new Uint8Array(32)) })).rejects.toEqual(
      code('key-private-invalid'),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('does not print its private key', async () => {
    await create();
    const key = await open();
    const secret = toHex((key.holder as Secret).expose());
    const bytes = [...(key.holder as Secret).expose()].join(', ');
    for (const shown of [inspect(key, { depth: 9 }), JSON.stringify(key), String(key.holder as Secret)]) {
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(bytes);
    }
  });

  test('has mode 0600 and leaves nothing else in the folder', async () => {
    await create();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  test('made twice has another salt, nonce and key', async () => {
    await create();
    const first = JSON.parse(await readFile(path, 'utf8')) as Fields;
    path = join(folder, 'other.key');
    await create();
    const second = JSON.parse(await readFile(path, 'utf8')) as Fields;
    for (const name of ['publicKey', 'nonce', 'ciphertext'] as const)
      expect(first[name]).not.toBe(second[name]);
    expect(first.kdf.salt).not.toBe(second.kdf.salt);
  });

  test('is written with N = 2^17 unless told otherwise', async () => {
    await createKeyFile(crypto, { path, role: 'approver', passphrase, now });
    const { kdf } = JSON.parse(await readFile(path, 'utf8')) as Fields;
    expect(kdf).toMatchObject({ name: 'scrypt', ...defaultScryptCost });
    expect(defaultScryptCost).toEqual({ n: 131_072, r: 8, p: 1 });
    expect((await open()).role).toBe('approver');
  });
});

describe('creating never overwrites', () => {
  test('a key', async () => {
    await create();
    const before = await readFile(path, 'utf8');
    await expect(create()).rejects.toEqual(code('key-exists'));
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  test('another file, an empty file, a dangling symbolic link', async () => {
    await writeFile(path, '');
    await expect(create()).rejects.toEqual(code('key-exists'));
    expect(await readFile(path, 'utf8')).toBe('');
    path = join(folder, 'dangling');
    await symlink(join(folder, 'target'), path);
    await expect(create()).rejects.toEqual(code('key-exists'));
    expect((await readdir(folder)).sort()).toEqual(['dangling', 'root.key']);
  });

  test('when many try at once: one wins', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => create()));
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect([won.length, lost.length]).toEqual([1, 7]);
    for (const { reason } of lost) expect(reason).toEqual(code('key-exists'));
    const winner = won[0] as PromiseFulfilledResult<{ publicKey: Uint8Array }>;
    expect((await open()).publicKey).toEqual(winner.value.publicKey);
    expect(await readdir(folder)).toEqual(['root.key']);
  });
});

test('a folder that is not there is folder-missing', async () => {
  path = join(folder, 'none', 'root.key');
  await expect(create()).rejects.toEqual(code('folder-missing'));
});

describe('opening refuses', () => {
  test('another passphrase, and says that it may be damage', async () => {
    await create();
    await expect(open(new Secret(utf8('correct horsf')))).rejects.toMatchObject({
      code: 'key-passphrase-wrong',
      message: expect.stringMatching(/passphrase is wrong, or the file was damaged/),
    });
  });

  test.each<[string, (fields: Fields) => void]>([
    [
      'role',
      (f) => {
        f.role = 'approver';
      },
    ],
    [
      'time',
      (f) => {
        f.created = '2026-01-02T03:04:06.000Z';
      },
    ],
    [
      'public key',
      (f) => {
        f.publicKey = toHex(crypto.generateP256().publicKey);
      },
    ],
    [
      'cost',
      (f) => {
        f.kdf.n = 32;
      },
    ],
    [
      'salt',
      (f) => {
        f.kdf.salt = '00'.repeat(32);
      },
    ],
    [
      'nonce',
      (f) => {
        f.nonce = '00'.repeat(12);
      },
    ],
    [
      'ciphertext',
      (f) => {
        f.ciphertext = '00'.repeat(48);
      },
    ],
  ])('an exchanged %s as key-passphrase-wrong', async (_, edit) => {
    await create();
    await change(edit);
    await expect(open()).rejects.toEqual(code('key-passphrase-wrong'));
  });

  test.each<[string, string, (fields: Fields) => void]>([
    [
      'gigabytes',
      'key-kdf-refused',
      (f) => {
        f.kdf.n = 2 ** 24;
      },
    ],
    [
      'more',
      'key-kdf-refused',
      (f) => {
        f.kdf.n = 2 ** 40;
      },
    ],
    [
      'r without end',
      'key-kdf-refused',
      (f) => {
        f.kdf.r = 2 ** 30;
      },
    ],
    [
      'p without end',
      'key-kdf-refused',
      (f) => {
        f.kdf.p = 2 ** 30;
      },
    ],
    [
      'n = 0',
      'key-kdf-refused',
      (f) => {
        f.kdf.n = 0;
      },
    ],
    [
      'n = 1',
      'key-kdf-refused',
      (f) => {
        f.kdf.n = 1;
      },
    ],
    [
      'n no power of two',
      'key-kdf-refused',
      (f) => {
        f.kdf.n = 100;
      },
    ],
    [
      'a fraction',
      'key-kdf-refused',
      (f) => {
        f.kdf.p = 1.5;
      },
    ],
    [
      'a negative r',
      'key-kdf-refused',
      (f) => {
        f.kdf.r = -8;
      },
    ],
    [
      'n as text',
      'key-file-malformed',
      (f) => {
        f.kdf.n = '16';
      },
    ],
    [
      'another kdf',
      'key-file-malformed',
      (f) => {
        f.kdf.name = 'pbkdf2';
      },
    ],
    [
      'no kdf',
      'key-file-malformed',
      (f) => {
        Reflect.deleteProperty(f, 'kdf');
      },
    ],
    [
      'another format',
      'key-file-malformed',
      (f) => {
        f.format = 'firmseal-key-2';
      },
    ],
    [
      'another role',
      'key-file-malformed',
      (f) => {
        f.role = 'admin';
      },
    ],
    [
      'a field too many',
      'key-file-malformed',
      (f) => {
        f.comment = '';
      },
    ],
    [
      'a short salt',
      'key-file-malformed',
      (f) => {
        f.kdf.salt = '00';
      },
    ],
    [
      'a short ciphertext',
      'key-file-malformed',
      (f) => {
        f.ciphertext = '00'.repeat(47);
      },
    ],
    [
      'a malformed time',
      'key-file-malformed',
      (f) => {
        f.created = 'yesterday';
      },
    ],
    [
      'no public key',
      'key-file-malformed',
      (f) => {
        Reflect.deleteProperty(f, 'publicKey');
      },
    ],
  ])('%s as %s', async (_, fault, edit) => {
    await create();
    await change(edit);
    await expect(open()).rejects.toEqual(code(fault));
    await expect(inspectKeyFile(path)).rejects.toEqual(code(fault));
  });

  test.each([
    ['nothing', ''],
    ['text', 'not json'],
    ['null', 'null'],
    ['an array', '[]'],
  ])('%s as key-file-malformed', async (_, text) => {
    await writeFile(path, text);
    await expect(open()).rejects.toEqual(code('key-file-malformed'));
  });

  test('no file, a folder', async () => {
    await expect(open()).rejects.toEqual(code('file-missing'));
    path = folder;
    await expect(open()).rejects.toEqual(code('file-is-folder'));
  });

  test('an endless file, without reading it whole', async () => {
    path = '/dev/zero';
    await expect(open()).rejects.toEqual(code('file-too-large'));
  });

  test('another role than the one due, before the passphrase is tried', async () => {
    await create();
    const wrong = new Secret(utf8('wrong'));
    await expect(
      openKeyFile(crypto, { path, passphrase: wrong, role: 'license-issuer' }),
    ).rejects.toMatchObject({ code: 'key-role-wrong', fields: { role: 'root', expected: 'license-issuer' } });
    expect((await openKeyFile(crypto, { path, passphrase, role: 'root' })).role).toBe('root');
  });
});

test('a private key of another public key, written by who knows the passphrase, is refused', async () => {
  const liar = {
    ...crypto,
    generateP256: () => ({ ...crypto.generateP256(), publicKey: crypto.generateP256().publicKey }),
  };
  await createKeyFile(liar, { path, role: 'root', passphrase, now, scryptCost });
  await expect(open()).rejects.toEqual(code('key-file-malformed'));
});

test('a cost that could not be read again is not written', async () => {
  await expect(
    createKeyFile(crypto, { path, role: 'root', passphrase, now, scryptCost: { n: 2 ** 20, r: 8, p: 1 } }),
  ).rejects.toEqual(code('key-kdf-refused'));
  expect(await readdir(folder)).toEqual([]);
});
