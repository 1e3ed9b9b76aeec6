// Whole installs by the agent's C, compiled to WebAssembly, on virtual chips: from a blank chip to a verified receipt.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, it } from 'vitest';
import { blankLine, personalizedLine } from './line.ts';
import { deviceData, makePackage, places, type TestChipId } from './trusted-site.ts';

const chips: readonly TestChipId[] = ['stm32f427', 'stm32h743'];

describe.each(chips)('%s', (chipId) => {
  it('personalizes, installs and gives a receipt that verifies', async () => {
    const line = await blankLine(chipId);
    expect(line.info().get(3)).toBe(0);
    expect(line.try(0x02, new Uint8Array(0)).status).toBe('not-personalized');
    await line.personalize(2);
    expect(line.chip.judge.readoutLevel).toBe(2);
    const hello = line.hello();
    expect(hello).toMatchObject({ lifeCycle: 'personalized', readoutLevel: 2, installCount: 0, epoch: 1 });
    expect(line.try(0x10, new Uint8Array(0)).status).toBe('already-personalized');

    const sealed = await makePackage(chipId);
    const license = await line.licenseFor(sealed);
    const receipt = await line.install(sealed, license);
    expect(receipt).toMatchObject({ fresh: true, installCount: 1, result: 0, unprotected: false });
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5, installCount: 1 });
    expect(line.hello().manifestDigest).toEqual(sealed.manifestDigest);
    expect(line.receipt(license.terms, sealed.manifest).fresh).toBe(false);

    const place = places[chipId];
    for (const { area, plaintext } of sealed.manifest.core.areas.map((area, i) => ({
      area,
      plaintext: sealedPlaintext(chipId, i),
    }))) {
      if (plaintext) expect(line.chip.judge.flash(area.address, area.lengthBytes)).toEqual(plaintext);
    }
    expect(line.chip.judge.flash(place.data, 96)).toEqual(deviceData);
    const keys = line.chip.judge.flash(place.keys, 64);
    expect(keys.every((byte) => byte === 0xff)).toBe(false);

    line.chip.reset();
    expect(line.chip.bootedApplication).toEqual({ address: place.firmware, mapping: 'normal' });
  });
});

import { smallAreas } from './trusted-site.ts';

const sealedPlaintext = (chipId: TestChipId, i: number) => smallAreas(chipId)[i]!.plaintext;
void crypto;
void personalizedLine;
