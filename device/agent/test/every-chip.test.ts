// The agent on every chip of the catalogue that it is built for: personalized, installed, resumed, a receipt
// that verifies; with and without a random generator, with all write units and erase units.

import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { agentChipIds } from '../toolchain/chip-header.ts';
import { blankLine, personalizeBegin } from './line.ts';
import { firmware, makePackage } from './trusted-site.ts';

it.each(
  sampled(
    agentChipIds,
    agentChipIds.filter((id) => !['stm32f405', 'stm32f411', 'stm32f427xg'].includes(id)),
  ),
)('%s', async (chipId) => {
  const chip = findChip(chipId);
  const line = await blankLine(chipId);
  if (!chip.hasRandomGenerator) expect(line.try(0x10, personalizeBegin()).status).toBe('random-failed');
  await line.personalize(1);
  const nonces = new Set<string>();
  for (let i = 0; i < 3; i++) {
    line.chip.reset();
    nonces.add(Buffer.from(line.hello().nonce).toString('hex'));
  }
  expect(nonces.size).toBe(3);

  const slot = chip.layout.slots.find(({ handover }) => handover === 'jump')!;
  const plaintext = firmware(slot.storeStart, 20 * 1024 + 96, 4);
  const areas = [
    {
      area: { kind: 'firmware' as const, address: slot.storeStart, lengthBytes: plaintext.length },
      plaintext,
    },
  ];
  const sealed = await makePackage(chipId, { core: { entry: slot.storeStart, chunkSizeBytes: 2048 }, areas });
  const license = await line.licenseFor(sealed);
  line.package(sealed);
  line.license(license);
  for (let i = 0; i < 7; i++) line.record(i, sealed.records[i]!);
  line.chip.reset();
  expect(line.hello().lifeCycle).toBe('installing');
  const receipt = await line.install(sealed, license);
  expect(receipt).toMatchObject({ chipId, installCount: 1, result: 'installed' });
  expect(line.chip.judge.flash(slot.storeStart, plaintext.length)).toEqual(plaintext);
  expect(line.receipt(license, sealed.manifest, crypto.randomBytes(32)).fresh).toBe(true);
  line.chip.reset();
  expect(line.chip.bootedApplication?.address).toBe(slot.storeStart);
});
