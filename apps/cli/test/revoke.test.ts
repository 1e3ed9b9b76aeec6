// `firmseal keys revoke` and `firmseal keys succeed`: what ends, what stays valid, and what is written.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestAuthority } from '@firmseal/authority/testing';
import { type Bytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { grantOf, type Role, readDelegationUnverified, verifyAuthority } from '@firmseal/formats';
import { inspectKeyFile } from '@firmseal/keys';
import { splitPackage, verifyHeader } from '@firmseal/seal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readInput } from '../src/files.ts';
import { type Desk, deskEnvironment, makeDesk, sealWords, succeed } from './desk.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-revoke-'));
afterAll(() => rmSync(folder, { recursive: true }));

let desk: Desk;
let rootPublicKey: Uint8Array;
beforeAll(async () => {
  mkdirSync(join(folder, 'desk'));
  desk = await makeDesk(join(folder, 'desk'));
  rootPublicKey = (await inspectKeyFile(desk.at('root.key'))).publicKey;
});

const codeOf = (call: () => unknown): string | undefined => {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};
const revoke = (...words: readonly string[]) =>
  runHere(['keys', 'revoke', '--root', desk.at('root.key'), ...words, '--json'], deskEnvironment);

describe('keys revoke', () => {
  const out = () => desk.at('epoch-1');
  const kept: readonly (readonly [string, Role])[] = [
    ['issuer.delegation', 'license-issuer'],
    ['ca.delegation', 'device-ca'],
  ];

  it('ends one key and makes the others again, in one step', async () => {
    const { status, stdout } = await revoke(
      ...['--product', 'panel', '--revoke', desk.at('signer.delegation'), '--out', out()],
      ...kept.flatMap(([file]) => ['--keep', desk.at(file)]),
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({ event: 'revoked', epoch: 1 });
    const epochStatement = readInput(join(out(), 'epoch-1'));
    const verify = (delegation: Bytes, role: Role) =>
      verifyAuthority(crypto, { epochStatement, delegation }, { rootPublicKey, product: 'panel', role });
    expect(codeOf(() => verify(readInput(desk.at('signer.delegation')), 'package-signer'))).toBe(
      'delegation-revoked',
    );
    for (const [file, role] of kept) {
      const renewed = verify(readInput(join(out(), file)), role);
      expect(renewed.trust.epoch).toBe(1);
      // The same grant: what the key signed before stays under it.
      const before = readDelegationUnverified(crypto, readInput(desk.at(file)));
      expect(grantOf(crypto, renewed.delegate)).toEqual(grantOf(crypto, before));
    }
  });

  it('without the statement the revoked key still ends, once anything of the new epoch is read', () => {
    const { trust } = verifyAuthority(
      crypto,
      { delegation: readInput(join(out(), 'issuer.delegation')) },
      { rootPublicKey, product: 'panel', role: 'license-issuer' },
    );
    const header = splitPackage(readInput(desk.at('panel.seal'))).header;
    expect(codeOf(() => verifyHeader(crypto, header, { ...trust, delegations: [] }))).toBe(
      'delegation-revoked',
    );
  });

  it.each([
    [
      'a key that is kept and revoked',
      'delegation-kept-and-revoked',
      () => ['--keep', desk.at('signer.delegation')],
    ],
    [
      'an epoch that ends nothing',
      'epoch-not-new',
      () => ['--epoch', '1', '--keep', join(out(), 'ca.delegation')],
    ],
    ['two files of one name', 'output-names-equal', () => kept.flatMap(([file]) => ['--keep', named(file)])],
    ['a folder that holds something', 'folder-not-empty', () => ['--out', out()]],
  ])('refuses %s, and writes nothing', async (_, code, words) => {
    const target = desk.at(`refused-${code}`);
    const { status, stderr } = await revoke(
      ...['--product', 'panel', '--revoke', desk.at('signer.delegation'), '--out', target, ...words()],
    );
    expect([status, stderr]).toEqual([expect.any(Number), expect.stringContaining(code)]);
    expect(status).not.toBe(0);
    expect(existsSync(target)).toBe(false);
  });

  /** The same delegation under the name `one.delegation`, in a folder of its own. */
  function named(file: string): string {
    const path = desk.at(`named-${file}`);
    if (!existsSync(path)) mkdirSync(path);
    writeFileSync(join(path, 'one.delegation'), readFileSync(desk.at(file)));
    return join(path, 'one.delegation');
  }

  it('lists the standing licenses that end, and no others', async () => {
    const authority = await TestAuthority.start();
    try {
      const chips = [await authority.chip(), await authority.chip()];
      const standing = await authority.openJob({ mode: 'standing' });
      for (const chip of chips) expect((await authority.license(standing, chip)).status).toBe(200);
      expect((await authority.license(await authority.openJob(), chips[0]!)).status).toBe(200);
      writeFileSync(desk.at('token'), authority.ownerToken, { mode: 0o600 });
      const { product } = authority.owner;
      const delegation = desk.at('pump.delegation');
      await succeed([
        ...[
          'keys',
          'delegate',
          '--root',
          desk.at('root.key'),
          '--role',
          'package-signer',
          '--product',
          product,
        ],
        ...['--key', desk.at('signer.key.pub'), '--out', delegation],
      ]);
      const { status, stdout } = await revoke(
        ...['--product', product, '--revoke', delegation, '--out', desk.at('pump-epoch')],
        ...['--authority', authority.url, '--token-file', desk.at('token')],
      );
      expect(status).toBe(0);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const ending = lines.filter(({ event }) => event === 'license-ends');
      expect(ending.map(({ job }) => job)).toEqual([standing.job, standing.job]);
      expect(ending.map(({ device }) => device).sort()).toEqual(
        chips.map(({ thumbprint }) => toHex(thumbprint)).sort(),
      );
      expect(lines.at(-1)).toMatchObject({ event: 'revoked', standingLicensesEnding: 2 });
    } finally {
      await authority.remove();
    }
  });
});

describe('keys succeed', () => {
  it('signs the next root, which packages carry along', async () => {
    const words = ['keys', 'succeed', '--root', desk.at('root.key'), '--product', 'panel', '--epoch', '3'];
    await succeed(['keys', 'new', '--role', 'root', '--out', desk.at('next.key')]);
    await succeed([...words, '--next', desk.at('next.key.pub'), '--out', desk.at('root.succession')]);
    const [shown] = await succeed(['keys', 'show', desk.at('root.succession')]);
    expect(shown).toMatchObject({ kind: 'succession', product: 'panel', epoch: 3 });
    await succeed([
      ...[
        'keys',
        'delegate',
        '--root',
        desk.at('next.key'),
        '--role',
        'package-signer',
        '--product',
        'panel',
      ],
      ...['--key', desk.at('signer.key.pub'), '--epoch', '3', '--out', desk.at('next-signer.delegation')],
    ]);
    const sealed = desk.at('next.seal');
    const plain = sealWords(desk, sealed).map((word) =>
      word === desk.at('signer.delegation') ? desk.at('next-signer.delegation') : word,
    );
    await succeed([...plain, '--succession', desk.at('root.succession')]);
    const { trust } = verifyHeader(crypto, splitPackage(readInput(sealed)).header, {
      ...{ rootPublicKey, product: 'panel', epoch: 0 },
    });
    expect(toHex(trust.rootPublicKey)).toBe(shown!['publicKey']);
    expect(fromHex(String(shown!['publicKey']))).toHaveLength(65);
  });

  it('refuses a root that would succeed itself', async () => {
    const { stderr } = await runHere(
      [
        ...[
          'keys',
          'succeed',
          '--root',
          desk.at('root.key'),
          '--next',
          desk.at('root.key.pub'),
          '--product',
          'panel',
        ],
        ...['--epoch', '4', '--out', desk.at('self.succession')],
      ],
      deskEnvironment,
    );
    expect(stderr).toContain('root-succeeds-itself');
    expect(existsSync(desk.at('self.succession'))).toBe(false);
  });
});
