// The example of README.md, run as it stands there; what a signer cannot make; an
// image with any byte changed.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, makeSuccession } from '@firmseal/formats';
import { expect, it } from 'vitest';
import { encodeAgentImage, readAgentImage } from './image.ts';
import { signAgentImage } from './sign.ts';
import { readAgentStatementUnverified } from './statement.ts';
import { verifyAgentImage } from './verify.ts';

const pair = () => {
  const { publicKey, privateKey } = crypto.generateP256();
  return { publicKey, sign: (message: Uint8Array) => crypto.signEs256(privateKey, message) };
};
const root = pair();
const signer = pair();
const rootPublicKey = root.publicKey;
const facts = { product: 'pump', chipId: 'stm32f427', agentVersion: 4, counter: 12 };
const code = new Uint8Array(70).fill(7);
const delegation = await makeDelegation(crypto, root, {
  ...{ role: 'agent-signer', publicKey: signer.publicKey, product: 'pump', counterCap: 20, epoch: 1 },
});

it('the example of the README; any byte that changes is noticed', async () => {
  const image = await signAgentImage(crypto, signer, { ...facts, code, delegation, rootPublicKey });
  const agent = verifyAgentImage(crypto, image, { rootPublicKey, product: 'pump', chipId: 'stm32f427' });

  expect(agent).toMatchObject({ counter: 12, agentVersion: 4, epoch: 1 });
  expect(agent.code.subarray(0, 70)).toEqual(code);
  expect(agent.code.subarray(70)).toEqual(new Uint8Array(26).fill(0xff));
  expect(readAgentStatementUnverified(readAgentImage(image).proof!.statement)).toMatchObject(facts);
  for (let at = 0; at < image.length; at += 7) {
    const changed = image.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(() =>
      verifyAgentImage(crypto, changed, { rootPublicKey, product: 'pump', chipId: 'stm32f427' }),
    ).toThrow();
  }
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});

it('nothing is signed that a chip would refuse', async () => {
  const sign = (change: object) =>
    signAgentImage(crypto, signer, { ...facts, code, delegation, rootPublicKey, ...change });
  await expect(sign({ counter: 21 })).rejects.toThrow('cap');
  await expect(sign({ product: 'kettle' })).rejects.toThrow('product');
  await expect(sign({ rootPublicKey: signer.publicKey })).rejects.toThrow('not signed by the root');
  await expect(signAgentImage(crypto, pair(), { ...facts, code, delegation, rootPublicKey })).rejects.toThrow(
    'not signed by the agent signer',
  );
});

it('two successions fit the header, and four do not', async () => {
  const roots = [root, pair(), pair(), pair(), pair()];
  const successions = await Promise.all(
    roots
      .slice(1)
      .map(({ publicKey }, i) =>
        makeSuccession(crypto, roots[i]!, { product: 'pump', publicKey, epoch: i + 2 }),
      ),
  );
  const signedUnder = async (count: number) => {
    const delegated = await makeDelegation(crypto, roots[count]!, {
      ...{ role: 'agent-signer', publicKey: signer.publicKey, product: 'pump', counterCap: 20 },
      epoch: count + 1,
    });
    const chain = { delegation: delegated, successions: successions.slice(0, count) };
    return signAgentImage(crypto, signer, { ...facts, code, rootPublicKey, ...chain });
  };
  const trust = { rootPublicKey, product: 'pump', chipId: 'stm32f427' };
  expect(verifyAgentImage(crypto, await signedUnder(2), trust).epoch).toBe(3);
  await expect(signedUnder(4)).rejects.toThrow('room for 992');
});

it('an image without proof is taken when it was measured, and not otherwise', () => {
  const image = encodeAgentImage({ counter: 1, code });
  const trust = { rootPublicKey, product: 'pump', chipId: 'stm32f427' };
  const measured = { codeDigest: crypto.sha256(readAgentImage(image).code), counter: 1 };
  expect(verifyAgentImage(crypto, image, { ...trust, measured })).toMatchObject({ counter: 1 });
  for (const wrong of [
    undefined,
    { ...measured, counter: 2 },
    { ...measured, codeDigest: rootPublicKey.slice(1, 33) },
  ])
    expect(() =>
      verifyAgentImage(crypto, image, { ...trust, ...(wrong ? { measured: wrong } : {}) }),
    ).toThrow('no statement of a signer');
});
