// Whole installs by the agent's C, compiled to WebAssembly, on virtual chips: from a blank chip to a verified
// receipt, with resets between any two messages, and again.

import { findChip } from '@firmseal/chips';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { describe, expect, it } from 'vitest';
import { blankLine, type Line, personalizedLine } from './line.ts';
import {
  deviceData,
  firmware,
  makeLicense,
  makePackage,
  pattern,
  places,
  smallAreas,
  type TestChipId,
  type TestPackage,
} from './trusted-site.ts';

const chips: readonly TestChipId[] = ['stm32f427', 'stm32h743'];

/** Every area of firmware and data holds what it should. */
function expectInstalled(line: Line, chipId: TestChipId, areas = smallAreas(chipId)): void {
  for (const { area, plaintext } of areas)
    if (plaintext) expect(line.chip.judge.flash(area.address, area.lengthBytes)).toEqual(plaintext);
  expect(line.chip.judge.flash(places[chipId].data, 96)).toEqual(deviceData);
}

/** No area holds anything. */
function expectErased(line: Line, sealed: TestPackage): void {
  for (const { address, lengthBytes } of sealed.manifest.core.areas)
    expect(line.chip.judge.flash(address, lengthBytes).every((byte) => byte === 0xff)).toBe(true);
}

function expectNoBoot(line: Line): void {
  line.chip.reset();
  expect(line.chip.bootedApplication).toBeUndefined();
  expect(line.chip.running).toBe(true);
}

describe.each(chips)('%s', (chipId) => {
  it('personalizes, installs and gives a receipt that verifies', async () => {
    const line = await blankLine(chipId);
    expect(line.info().get(3)).toBe(0);
    await line.personalize(2);
    expect(line.chip.judge.readoutLevel).toBe(2);
    const hello = line.hello();
    expect(hello).toMatchObject({ lifeCycle: 'personalized', readoutLevel: 2, installCount: 0, epoch: 1 });
    expect(line.try(0x24, new Uint8Array(0)).status).toBe('no-receipt');

    const sealed = await makePackage(chipId, { core: { leastReadoutLevel: 2 } });
    const license = await line.licenseFor(sealed);
    const receipt = await line.install(sealed, license);
    expect(receipt).toMatchObject({
      fresh: true,
      measured: true,
      installCount: 1,
      result: 'installed',
      unprotected: false,
    });
    expect(line.hello()).toMatchObject({ lifeCycle: 'installed', securityCounter: 5, installCount: 1 });
    expect(line.hello().manifestDigest).toEqual(sealed.manifestDigest);
    expect(line.receipt(license, sealed.manifest).fresh).toBe(false);
    expectInstalled(line, chipId);
    const keys = line.chip.judge.flash(places[chipId].keys, 64);
    expect(new Set(keys).size).toBeGreaterThan(8);

    line.chip.reset();
    expect(line.chip.bootedApplication).toEqual({ address: places[chipId].firmware, mapping: 'normal' });
    line.chip.setPin('agent-request', true);
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeUndefined();
    line.hello();
    expect(line.receipt(license, sealed.manifest, crypto.randomBytes(32)).installCount).toBe(1);
    line.chip.setPin('agent-request', false);
    line.request(0x26);
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('installs again: the same package, then an update that keeps generated keys, never an older one', async () => {
    const line = await personalizedLine(chipId, 1);
    const sealed = await makePackage(chipId);
    expect((await line.install(sealed)).installCount).toBe(1);
    const keys = line.chip.judge.flash(places[chipId].keys, 64);
    expect((await line.install(sealed)).installCount).toBe(2);
    expect(line.chip.judge.flash(places[chipId].keys, 64)).toEqual(keys);

    const areas = smallAreas(chipId, 50);
    const update = await makePackage(chipId, { core: { securityCounter: 21, bootCheck: 'digest' }, areas });
    expect(await line.install(update)).toMatchObject({
      installCount: 3,
      unprotected: true,
      securityCounter: 21,
    });
    expectInstalled(line, chipId, areas);
    expect(line.chip.judge.flash(places[chipId].keys, 64)).toEqual(keys);
    expect(line.try(0x20, sealed.headerBytes).status).toBe('counter-rolled-back');
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('a device that was offline for years takes the newest package at once', async () => {
    const line = await personalizedLine(chipId, 1);
    await line.install(await makePackage(chipId));
    const far = await makePackage(chipId, { core: { securityCounter: 1000 } });
    expect((await line.install(far)).securityCounter).toBe(1000);
  });

  it.each(['erase', 'resume'] as const)('policy %s: a reset after any message', async (interruption) => {
    const line = await personalizedLine(chipId, 1);
    const sealed = await makePackage(chipId, { core: { interruption } });
    line.hello();
    const license = await makeLicense(sealed, line.device!);
    // hello, package, license, 4 records: 7 messages; after the last the chip is installed.
    for (let cut = 0; cut <= 6; cut++) {
      const steps = [
        () => line.hello(),
        () => line.package(sealed),
        () => line.license(license),
        ...sealed.records.map((record, i) => () => line.record(i, record)),
      ];
      for (const step of steps.slice(0, cut)) step();
      expectNoBoot(line);
      const begun = cut >= 3;
      const expected = begun ? (interruption === 'erase' ? 'erased' : 'installing') : line.hello().lifeCycle;
      expect(line.hello().lifeCycle).toBe(expected);
      if (interruption === 'erase') expectErased(line, sealed);
    }
    expect((await line.install(sealed, license)).installCount).toBe(1);
    expectInstalled(line, chipId);
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('resumes after completed erase units, comparing what is kept', async () => {
    const stride = 131072;
    const start = places[chipId].firmware;
    const plaintext = firmware(start, 2 * stride + 4096, 3);
    const areas = [
      { area: { kind: 'firmware' as const, address: start, lengthBytes: plaintext.length }, plaintext },
    ];
    const core = { chunkSizeBytes: 4096 as const };
    const sealed = await makePackage(chipId, { core, areas });
    const line = await personalizedLine(chipId, 1);
    const license = await line.licenseFor(sealed);
    line.package(sealed);
    line.license(license);
    for (let i = 0; i < 50; i++) line.record(i, sealed.records[i]!);
    line.chip.reset();
    const erased: number[] = [];
    line.chip.power.onOperation = ({ kind, address }) => {
      if (kind === 'erase') erased.push(address);
    };
    line.package(sealed);
    line.license(license);
    line.records(sealed);
    // The first unit was completed and is kept; the second was under way; the third had not begun.
    expect(erased.filter((address) => address >= start && address < start + plaintext.length)).toEqual([
      start + stride,
      start + 2 * stride,
    ]);
    line.chip.power.onOperation = undefined;
    expect(line.chip.judge.flash(start, plaintext.length)).toEqual(plaintext);
    expect(line.receipt(license, sealed.manifest)).toMatchObject({ installCount: 1, fresh: false });
  });

  it('erases a unit of firmware for the first record that reaches it; in the first install, only where it is not blank', async () => {
    const start = places[chipId].firmware;
    const units = findChip(chipId).flash.eraseUnits.filter(({ addressStart }) => addressStart >= start);
    const [first, second] = units as [(typeof units)[number], (typeof units)[number]];
    const line = await blankLine(chipId);
    // A chip that was used before: its second unit holds something.
    line.chip.debug.connect();
    line.chip.debug.programFlash(second.addressStart, new Uint8Array(line.chip.chip.write.unitBytes));
    line.chip.powerOff();
    line.chip.powerOn();
    await line.personalize(1);
    const events: string[] = [];
    line.chip.power.onOperation = ({ kind, address }) => {
      if (kind === 'erase' && address >= start)
        events.push(`erase ${units.findIndex((u) => u.addressStart === address)}`);
    };
    const install = async (seed: number) => {
      const plaintext = firmware(start, first.sizeBytes + 4096, seed);
      const area = { kind: 'firmware' as const, address: start, lengthBytes: plaintext.length };
      const sealed = await makePackage(chipId, {
        core: { chunkSizeBytes: 4096, interruption: 'erase' },
        areas: [{ area, plaintext }],
      });
      const license = await line.licenseFor(sealed);
      line.package(sealed);
      line.license(license);
      events.push('records');
      for (const [index, record] of sealed.records.entries()) {
        line.record(index, record);
        if (index === 0) events.push('first stored');
      }
      expect(line.chip.judge.flash(start, plaintext.length)).toEqual(plaintext);
      return events.splice(0);
    };
    expect(await install(3)).toEqual(['records', 'first stored', 'erase 1']);
    expect(await install(4)).toEqual(['records', 'erase 0', 'first stored', 'erase 1']);
  });

  it('unwraps sixteen times for all licenses that were made for one count', async () => {
    const line = await personalizedLine(chipId, 1);
    const sealed = await makePackage(chipId);
    const { unwraps } = line.hello();
    expect(unwraps).toBe(0);
    const [one, other] = [await makeLicense(sealed, line.device!), await makeLicense(sealed, line.device!)];
    for (let i = 0; i < 16; i++) {
      line.package(sealed);
      expect(line.license(i % 3 === 0 ? one : other)).toBe(0);
      line.chip.reset();
    }
    expect(line.hello().unwraps).toBe(16);
    for (const license of [one, other]) {
      line.package(sealed);
      expect(line.try(0x21, license.bundle).status).toBe('license-unwraps-exhausted');
    }
    // A newer license tells a higher ceiling; nothing is lost for good, and the count never falls.
    expect((await line.install(sealed)).installCount).toBe(1);
    expect(line.hello().unwraps).toBe(17);
  });

  it('applies option bytes that only strengthen, resets, and goes on with the same license', async () => {
    const line = await personalizedLine(chipId, 0);
    const { register, lsb } = line.chip.chip.options.registers
      .flatMap(({ fields }) => fields)
      .find(({ name }) => name.startsWith('nRST_STOP'))!;
    const mask = 1 << lsb;
    const value = ~line.chip.judge.optionsLoaded.get(register)! & mask;
    const optionBytes = [{ register, mask, value }];
    const sealed = await makePackage(chipId, { core: { optionBytes } });
    const license = await line.licenseFor(sealed);
    line.package(sealed);
    expect(line.license(license)).toBe(1);
    expect(line.chip.judge.optionsLoaded.get(register)! & mask).toBe(value);
    expect(line.try(0x21, license.bundle).status).toBe('request-out-of-state');
    const receipt = await line.install(sealed, license);
    expect(receipt.optionBytes.find((one) => one.register === register)!.value & mask).toBe(value);
  });

  it('refuses at level 2 what would change option bytes, and what would weaken at any', async () => {
    const line = await personalizedLine(chipId, 2);
    const rdp = line.chip.chip.options.registers
      .flatMap(({ fields }) => fields)
      .find(({ name }) => name === 'RDP')!;
    const level = (byte: number) => [{ register: rdp.register, mask: 0xff00, value: byte << 8 }];
    const weaker = await makePackage(chipId, { core: { optionBytes: level(0x55) } });
    expect(line.try(0x20, weaker.headerBytes).status).toBe('policy-not-stronger');
    const same = await makePackage(chipId, { core: { optionBytes: level(0xcc) } });
    expect(line.try(0x20, same.headerBytes).status).toBe(0);
    const neutral = [{ register: 0, mask: 0x40, value: 0 }];
    const other = await makePackage(chipId, { core: { optionBytes: neutral } });
    expect(line.try(0x20, other.headerBytes).status).toBe('policy-locked');
  });

  it('starts over when kept content differs', async () => {
    const start = places[chipId].firmware;
    const plaintext = firmware(start, 131072 + 4096, 9);
    const areas = [
      { area: { kind: 'firmware' as const, address: start, lengthBytes: plaintext.length }, plaintext },
    ];
    const sealed = await makePackage(chipId, { core: { chunkSizeBytes: 4096 }, areas });
    const line = await personalizedLine(chipId, 0);
    const license = await line.licenseFor(sealed);
    line.package(sealed);
    line.license(license);
    for (let i = 0; i < 33; i++) if (i < 32) line.record(i, sealed.records[i]!);
    line.chip.reset();
    line.chip.debug.connect();
    expect(line.chip.debug.eraseUnit(start)).toBe('ok');
    line.chip.powerOff();
    line.chip.powerOn();
    line.hello();
    line.package(sealed);
    line.license(license);
    const reply = line.tryRecord(0, sealed.records[0]!);
    expect([reply.status, reply.detail]).toEqual(['resume-content-differs', 0]);
    line.records(sealed);
    expect(line.chip.judge.flash(start, plaintext.length)).toEqual(plaintext);
    expect(line.receipt(license, sealed.manifest).installCount).toBe(1);
  });
});

it.each(['record', 'digest'] as const)(
  'boot check %s, after the firmware was altered behind its back',
  async (bootCheck) => {
    const line = await personalizedLine('stm32f427', 0);
    await line.install(await makePackage('stm32f427', { core: { bootCheck } }));
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeDefined();
    line.chip.debug.connect();
    expect(line.chip.debug.programFlash(places.stm32f427.second, new Uint8Array(32))).toBe('ok');
    line.chip.powerOff();
    line.chip.powerOn();
    expect(line.chip.bootedApplication !== undefined).toBe(bootCheck === 'record');
    expect(line.chip.running).toBe(bootCheck === 'digest');
  },
);

it('a nonce is for one hello, and dies with the first license that answers it; that license itself can be used again', async () => {
  const line = await personalizedLine('stm32f427', 1);
  const sealed = await makePackage('stm32f427');
  const { nonce } = line.hello();
  const [first, second] = [
    await makeLicense(sealed, { ...line.device!, nonce }),
    await makeLicense(sealed, { ...line.device!, nonce }),
  ];
  line.package(sealed);
  expect(line.license(first)).toBe(0);
  line.package(sealed);
  expect(line.try(0x21, second.bundle).status).toBe('license-nonce-wrong');
  expect(line.license(first)).toBe(0);
  line.records(sealed);
  // Its install ended well.
  line.package(sealed);
  expect(line.try(0x21, first.bundle).status).toBe('license-nonce-wrong');
  const earlier = line.hello().nonce;
  expect(line.hello().nonce).not.toEqual(earlier);
  line.package(sealed);
  const late = await makeLicense(sealed, { ...line.device!, nonce: earlier, unwraps: 3 });
  expect(line.try(0x21, late.bundle).status).toBe('license-nonce-wrong');
});

it('no session license for a hello without a challenge', async () => {
  const line = await personalizedLine('stm32f427', 1);
  const sealed = await makePackage('stm32f427');
  line.hello();
  const { nonce } = line.hello(new Uint8Array(0));
  line.package(sealed);
  const license = await makeLicense(sealed, { ...line.device!, nonce });
  expect(line.try(0x21, license.bundle).status).toBe('license-nonce-wrong');
});

it('a standing license repairs the chip again after its install', async () => {
  const line = await personalizedLine('stm32f427', 1);
  const sealed = await makePackage('stm32f427');
  line.hello();
  const license = await makeLicense(sealed, line.device!);
  expect((await line.install(sealed, license)).installCount).toBe(1);
  expect((await line.install(sealed, license)).installCount).toBe(2);
});

it('an install that another one takes the place of leaves nothing behind', async () => {
  const line = await personalizedLine('stm32f427', 1);
  const sealed = await makePackage('stm32f427');
  line.hello();
  line.package(sealed);
  line.license(await makeLicense(sealed, line.device!));
  for (let i = 0; i < 3; i++) line.record(i, sealed.records[i]!);
  line.chip.reset();
  const start = 0x080e0000;
  const areas = [
    {
      area: { kind: 'firmware' as const, address: start, lengthBytes: 1024 },
      plaintext: firmware(start, 1024, 8),
    },
  ];
  await line.install(await makePackage('stm32f427', { core: { entry: start }, areas }));
  expectErased(line, sealed);
});

it('F427: an image linked at the start of flash is stored in bank 2 and handed over with banks swapped', async () => {
  const line = await personalizedLine('stm32f427', 2);
  const plaintext = pattern(4096, 5);
  const view = new DataView(plaintext.buffer);
  view.setUint32(0, 0x20001000, true);
  view.setUint32(4, 0x08000201, true);
  const areas = [{ area: { kind: 'firmware' as const, address: 0x08100000, lengthBytes: 4096 }, plaintext }];
  const sealed = await makePackage('stm32f427', { core: { entry: 0x08100000 }, areas });
  await line.install(sealed);
  line.chip.reset();
  expect(line.chip.bootedApplication).toEqual({ address: 0x08000000, mapping: 'swapped' });
});
