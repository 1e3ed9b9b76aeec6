// The product writes the data blocks of vectors/anchor/start.json, which were put together from the page.

import { readFileSync } from 'node:fs';
import { anchorPart, encodeAgentImage } from '@firmseal/agent-image';
import { toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { measuredAgent, measuredCode } from './agent-image-cases.ts';
import { keyPair } from './vector-keys.ts';
import { delegate, product } from './workshop.ts';

it('the block that the product writes for owner and agent signer is that of the vectors', async () => {
  const file = JSON.parse(readFileSync(new URL('../../vectors/anchor/start.json', import.meta.url), 'utf8'));
  const chip = findChip(file.chip);
  const image = [
    {
      address: chip.layout.agent.addressStart,
      bytes: encodeAgentImage({ code: measuredCode, counter: measuredAgent.counter }),
    },
  ];
  const owner = { rootPublicKey: keyPair('root').publicKey, product, epoch: 1 };
  const agentDelegation = await delegate({
    ...{ role: 'agent-signer', publicKey: keyPair('agent signer').publicKey, counterCap: 7 },
  });
  for (const [name, named] of [
    ['version 1', owner],
    ['version 2, with an agent signer', { ...owner, agentDelegation }],
  ] as const) {
    const { block } = file.cases.find((one: { name: string }) => one.name === name);
    expect([name, toHex(anchorPart(crypto, image, { chip, owner: named }).bytes)]).toEqual([name, block]);
  }
});
