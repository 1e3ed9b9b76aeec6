// Epochs, revocation and the succession of the root: spec/delegation.md sections 3 to 5.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import { encodeCbor, signCoseWith } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, it } from 'vitest';
import {
  type Delegation,
  delegationKind,
  grantOf,
  makeDelegation,
  makeEpochStatement,
  makeSuccession,
  type Role,
} from './delegation.ts';
import { type RootObjects, type Trust, verifyAuthority } from './root-trust.ts';

const keyPair = (name: string) => crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
function signerOf(name: string) {
  const { publicKey, privateKey } = keyPair(name);
  return { publicKey, sign: (message: Uint8Array) => crypto.signEs256(privateKey, message) };
}
const product = 'thermostat';
const known: Trust = { rootPublicKey: keyPair('root').publicKey, product, epoch: 3 };

const delegate = (change: Partial<Delegation> = {}, by = 'root') =>
  makeDelegation(crypto, signerOf(by), {
    ...{ role: 'package-signer' as const, publicKey: keyPair('package signer').publicKey, product },
    ...{ counterCap: 40, epoch: 3, ...change },
  });
const statement = (epoch: number, by = 'root') =>
  makeEpochStatement(crypto, signerOf(by), { product, epoch });
const succession = (epoch: number, { from = 'root', to = 'second root', of = product } = {}) =>
  makeSuccession(crypto, signerOf(from), { product: of, publicKey: keyPair(to).publicKey, epoch });

const verify = (objects: RootObjects, trust: Trust = known, role: Role = 'package-signer') =>
  verifyAuthority(crypto, objects, { ...trust, role });
function code(...given: Parameters<typeof verify>): string | undefined {
  try {
    verify(...given);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('the epoch in force', () => {
  it('is the highest that anything of the root proves', async () => {
    expect(verify({ delegation: await delegate() }).trust.epoch).toBe(3);
    expect(verify({ delegation: await delegate({ epoch: 9 }) }).trust.epoch).toBe(9);
    const both = { delegation: await delegate({ epoch: 9 }), epochStatement: await statement(5) };
    expect(verify(both).trust.epoch).toBe(9);
    expect(code({ delegation: await delegate({ epoch: 4 }), epochStatement: await statement(5) })).toBe(
      'delegation-revoked',
    );
  });

  it('is not lowered by an old statement', async () => {
    const old = { delegation: await delegate({ epoch: 2 }), epochStatement: await statement(1) };
    expect(code(old)).toBe('delegation-revoked');
    const same = { delegation: await delegate(), epochStatement: await statement(1) };
    expect(verify(same).trust.epoch).toBe(3);
  });

  it('ends what was accepted for the same decision before, with and without the statement', async () => {
    const issuer = { role: 'license-issuer' as const, publicKey: keyPair('license issuer').publicKey };
    const { trust } = verify({ delegation: await delegate() });
    const later = await delegate({ ...issuer, epoch: 4 });
    expect(code({ delegation: later, epochStatement: await statement(4) }, trust, 'license-issuer')).toBe(
      'delegation-revoked',
    );
    expect(code({ delegation: later }, trust, 'license-issuer')).toBe('delegation-revoked');
    expect(code({ delegation: await delegate(issuer) }, trust, 'license-issuer')).toBe(undefined);
    const { trust: renewed } = verify({ delegation: await delegate({ epoch: 4 }) });
    expect(code({ delegation: later }, renewed, 'license-issuer')).toBe(undefined);
  });

  it('counts for one product', async () => {
    const other = await makeEpochStatement(crypto, signerOf('root'), { product: 'kettle', epoch: 9 });
    expect(code({ delegation: await delegate(), epochStatement: other })).toBe('epoch-product-wrong');
  });
});

describe('a grant', () => {
  it('is the same in every epoch, and another one for another role, key, product or cap', () => {
    const { epoch: _, ...base }: Delegation = {
      ...{ role: 'package-signer', publicKey: keyPair('package signer').publicKey, product },
      ...{ counterCap: 40, epoch: 3 },
    };
    const hex = (one: Omit<Delegation, 'epoch'>) => Buffer.from(grantOf(crypto, one)).toString('hex');
    const grants = [
      base,
      { ...base, role: 'license-issuer' as const },
      { ...base, publicKey: keyPair('stranger').publicKey },
      { ...base, product: 'kettle' },
      { ...base, counterCap: 41 },
    ].map(hex);
    expect(new Set(grants).size).toBe(5);
    expect(hex({ ...base, epoch: 9 } as Delegation)).toBe(grants[0]);
  });
});

describe('a succession of the root', () => {
  it('is followed, through several, and what the former root signed is not looked at any more', async () => {
    const successions = [await succession(4), await succession(7, { from: 'second root', to: 'third root' })];
    const { trust } = verify({ successions, delegation: await delegate({ epoch: 7 }, 'third root') });
    expect(trust).toMatchObject({ rootPublicKey: keyPair('third root').publicKey, epoch: 7 });
    for (const by of ['root', 'second root'])
      expect(code({ successions, delegation: await delegate({ epoch: 9 }, by) })).toBe(
        'delegation-signature-invalid',
      );
    const epochStatement = await statement(8);
    expect(
      code({ successions, epochStatement, delegation: await delegate({ epoch: 8 }, 'third root') }),
    ).toBe('epoch-signature-invalid');
  });

  it('is passed over when the present root did not sign it: nobody goes back', async () => {
    const successions = [await succession(4), await succession(9, { from: 'stranger', to: 'stranger' })];
    const { trust } = verify({ successions, delegation: await delegate({ epoch: 4 }, 'second root') });
    const again = { successions, delegation: await delegate({ epoch: 4 }, 'second root') };
    expect(verify(again, trust).trust).toMatchObject({
      rootPublicKey: keyPair('second root').publicKey,
      epoch: 4,
    });
    const back = { successions: [await succession(9)], delegation: await delegate({ epoch: 9 }, 'root') };
    expect(code(back, trust)).toBe('delegation-signature-invalid');
  });

  it('opens an epoch that is higher than every one before', async () => {
    const to = await delegate({ epoch: 9 }, 'second root');
    expect(code({ successions: [await succession(4)], delegation: to })).toBe(undefined);
    expect(code({ successions: [await succession(3)], delegation: to })).toBe('root-revoked');
  });

  it('is for one product, and of its shape', async () => {
    const to = await delegate({ epoch: 9 }, 'second root');
    const of = (bytes: Bytes) => code({ successions: [bytes], delegation: to });
    expect(of(await succession(4, { of: 'kettle' }))).toBe('root-product-wrong');
    expect(of(new Uint8Array(3))).toBe('root-malformed');
    expect(of(concatBytes(await succession(4), Uint8Array.of(0)))).toBe('root-malformed');
    const sign = (by: string, payload: Uint8Array) =>
      signCoseWith(crypto, { signer: signerOf(by), typ: 'application/firmseal-root', payload });
    expect(of(await sign('root', encodeCbor(new Map([[0, 1]]))))).toBe('root-malformed');
    // A stranger's payload is not parsed: it is passed over, and the delegation of the next root is nobody's.
    expect(of(await sign('stranger', encodeCbor(new Map([[0, 1]]))))).toBe('delegation-signature-invalid');
  });
});

describe('verify, then parse', () => {
  it('is the order for a delegation: a stranger gets no payload parsed', async () => {
    const payload = encodeCbor(new Map([[0, 1]]));
    const by = async (name: string) => {
      const delegation = await signCoseWith(crypto, {
        signer: signerOf(name),
        typ: delegationKind.typ,
        payload,
      });
      return code({ delegation });
    };
    expect(await by('root')).toBe('delegation-malformed');
    expect(await by('stranger')).toBe('delegation-signature-invalid');
  });

  it('holds limits before it looks at anything', async () => {
    const long = encodeCbor(new Map([[0, new Uint8Array(300)]]));
    const delegation = await signCoseWith(crypto, {
      ...{ signer: signerOf('stranger'), typ: delegationKind.typ, payload: long },
    });
    expect(code({ delegation })).toBe('delegation-malformed');
  });
});
