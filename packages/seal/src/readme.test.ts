// The example of README.md, run as it stands there.

import { readFileSync } from 'node:fs';
import { concatBytes } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { withVectorTable } from '@firmseal/chips/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import {
  patternBytes,
  root,
  smallCore as settings,
  packageSigner as signer,
  smallDelegation,
} from '../test/small-package.ts';
import { openPackage } from './open.ts';
import { planAreas } from './plan-areas.ts';
import { checkPolicy, policyRequirements, protectedReadoutLevel } from './policy.ts';
import { sealPackage } from './seal.ts';

const chip = findChip('stm32f427');
const { publicKey: rootPublicKey } = root;
const bytes = withVectorTable(chip, 0x08000000, patternBytes(3000, 1));
const segments = [{ address: 0x08000000, bytes }];

it('the example of the README', async () => {
  const delegation = await smallDelegation();

  const { areas, entry } = planAreas(segments, chip);
  const optionBytes = policyRequirements(chip, { nRST_STDBY: 0 });
  const core = { ...settings, entry, optionBytes, leastReadoutLevel: protectedReadoutLevel([chip]) };
  checkPolicy(core, [chip]);
  const { parts, contentKey } = await sealPackage(crypto, { core, areas, signer, delegation, rootPublicKey });

  const opened = openPackage(crypto, {
    file: concatBytes(...parts),
    trust: { rootPublicKey },
    contentKey,
    chip,
  });

  expect(opened.areas[0]!.plaintext.subarray(0, 3000)).toEqual(segments[0]!.bytes);
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8').replaceAll('\n  ', '\n');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});
