// Attackers as machine code on a chip whose agent is machine code: a dumper in SRAM before, during and after
// an install at each readout level (D1, D2, S1 of docs/attacks.md), and code of their own in flash with the
// banks swapped on U575 (S3). The agent works on the same core that the attacker takes over. In a sample the
// chip computes its own cryptography in one install only: that of F427 whose SRAM is
// searched for keys at the end.

import { defaultOptionValues, finalOptions, findChip, optionField, withOptionField } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { packageKeys } from '@firmseal/seal';
import { describe, expect, test } from 'vitest';
import { isWhole } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { portedChips } from '../toolchain/targets.ts';
import { contains, exfiltrator, type Loot, type Place, raid } from './attacker.ts';
import { Line } from './line.ts';
import { machineLine } from './machine-line.ts';
import { keyPair, makeLicense, makePackage, pattern, product, root } from './trusted-site.ts';
import { machineChip, quickMachineChip } from './vector-chips.ts';

const canBuild = hasTool('arm-none-eabi-gcc');
type Level = 0 | 1 | 2;

/** Personalized with keys that the test knows, its final option bytes in force. */
async function victim(
  chipId: string,
  level: Level,
  { ownCrypto = isWhole }: { ownCrypto?: boolean } = {},
): Promise<Line> {
  const chip = findChip(chipId);
  const values = defaultOptionValues(chip);
  for (const { register, mask, value } of finalOptions(chip, level))
    values.set(register, (((values.get(register) ?? 0) & ~mask) | value) >>> 0);
  const optionBytes = [...values].map(([register, value]) => ({ register, value }));
  const state = { securityCounter: 0, agentVersion: 1, levelKey: false, optionBytes };
  const make = ownCrypto ? machineChip : quickMachineChip;
  return make({ chipId, trust: { root: root.publicKey, product, epoch: 1 }, state });
}

const secretsOfDevice = [keyPair('device').privateKey, keyPair('device KEM').privateKey];

const chunkBytes = 1024;
async function packageFor(chipId: string, leastReadoutLevel: Level) {
  const { storeStart } = findChip(chipId).layout.slots[0]!;
  const plaintext = pattern(4 * chunkBytes, 21);
  const area = { kind: 'firmware', address: storeStart, lengthBytes: plaintext.length } as const;
  const core = { entry: storeStart, chips: [chipId], leastReadoutLevel, interruption: 'resume' as const };
  return { plaintext, sealed: await makePackage('stm32f427', { core, areas: [{ area, plaintext }] }) };
}

const placesOf = (chipId: string): Place[] => {
  const { identity, slots } = findChip(chipId).layout;
  return [
    { address: slots[0]!.storeStart, length: 2 * chunkBytes },
    { address: identity.addressStart, length: 1024 },
  ];
};

function powerCycle({ chip }: Line): void {
  chip.powerOff();
  chip.powerOn();
}

async function beginInstall(line: Line, sealed: Awaited<ReturnType<typeof packageFor>>['sealed']) {
  const { nonce } = line.hello();
  line.package(sealed);
  const license = await makeLicense(sealed, { ...line.device!, nonce });
  line.license(license);
  return license;
}

type Sealed = Awaited<ReturnType<typeof packageFor>>['sealed'];
const areaKey = (sealed: Sealed) =>
  packageKeys(nodeCrypto, { ...sealed.manifest, contentKey: sealed.contentKey }).areaKey(0);

/** Flash is refused to probe and dumper; neither plaintext nor a key of the device is in SRAM. */
function expectNothing({ connected, dumper, flash, ram }: Loot, plaintext: Uint8Array): void {
  expect({ connected, dumper }).toEqual({ connected: true, dumper: 'refused' });
  for (const secret of [plaintext, ...secretsOfDevice]) {
    expect(contains(flash, secret)).toBe(false);
    expect(contains(ram, secret)).toBe(false);
  }
}

describe.skipIf(!canBuild)('a dumper in SRAM at levels 2 and 0', () => {
  const id = 'stm32f427';
  const places = placesOf(id);

  test('level 2: nothing answers, before, during or after', async () => {
    const line = await victim(id, 2);
    // To ROM bootloader or SRAM: at level 2 the pins are not looked at.
    for (const pin of ['boot0', 'boot1'] as const) line.chip.setPin(pin, true);
    powerCycle(line);
    const { sealed } = await packageFor(id, 2);
    const before = raid(line.chip, places);
    await beginInstall(line, sealed);
    for (const index of [0, 1]) line.record(index, sealed.records[index]!);
    const during = raid(line.chip, places);
    for (const index of [2, 3]) line.record(index, sealed.records[index]!);
    const after = raid(line.chip, places);
    for (const loot of [before, during, after])
      expect(loot).toMatchObject({ connected: false, dumper: 'not-loaded' });
    expect(line.info().get(3)).toBe(3); // installed: the raids did not even disturb
  });

  test('level 0: the agent takes no license for a package that asks for protection, and nothing of it is there', async () => {
    const line = await victim(id, 0);
    const { plaintext, sealed } = await packageFor(id, 1);
    line.hello();
    expect(() => line.package(sealed)).toThrow('readout-level-too-low');
    const { connected, dumper, flash, ram } = raid(line.chip, places);
    expect({ connected, dumper }).toEqual({ connected: true, dumper: 'copied' }); // the dumper works
    expect(contains(flash, plaintext)).toBe(false);
    expect(contains(ram, plaintext)).toBe(false);
    expect(contains(flash, secretsOfDevice[0]!)).toBe(true); // an unprotected chip has no secrets from its holder
  });

  test('level 0: a package that asks for no protection is read, during and after, as documented', async () => {
    const line = await victim(id, 0);
    const { plaintext, sealed } = await packageFor(id, 0);
    await beginInstall(line, sealed);
    for (const index of [0, 1]) line.record(index, sealed.records[index]!);
    const during = raid(line.chip, places);
    expect(during.dumper).toBe('copied');
    expect(contains(during.flash, plaintext.subarray(0, 2 * chunkBytes))).toBe(true);
    if (!isWhole) return;
    powerCycle(line);
    await beginInstall(line, sealed);
    line.records(sealed);
    const after = raid(line.chip, places);
    expect(contains(after.flash, plaintext.subarray(0, 2 * chunkBytes))).toBe(true);
    expect(contains(after.ram, areaKey(sealed))).toBe(false);
  });
});

/** A Cortex-M4 and a Cortex-M33. */
const some = ['stm32f427', 'stm32u575'];

describe.skipIf(!canBuild).each(isWhole ? portedChips() : some)('a dumper in SRAM of %s at level 1', (id) => {
  const places = placesOf(id);

  test('before and during: flash is refused; the key of the area is in SRAM during, as documented', async () => {
    const line = await victim(id, 1);
    const { plaintext, sealed } = await packageFor(id, 1);
    const before = raid(line.chip, places);
    powerCycle(line);
    await beginInstall(line, sealed);
    for (const index of [0, 1]) line.record(index, sealed.records[index]!);
    const written = line.chip.judge.flash(places[0]!.address, 2 * chunkBytes);
    expect(written).toEqual(plaintext.subarray(0, 2 * chunkBytes)); // half the image is there to be had
    const during = raid(line.chip, places);
    for (const loot of [before, during]) expectNothing(loot, plaintext);
    // Attack S2, the reason why an agent below level 2 is not tier B.
    expect(contains(before.ram, areaKey(sealed))).toBe(false);
    expect(contains(during.ram, areaKey(sealed))).toBe(true);
  });

  test('after: flash is refused, and SRAM holds no key any more', async () => {
    const line = await victim(id, 1, { ownCrypto: isWhole || id === 'stm32f427' });
    const { plaintext, sealed } = await packageFor(id, 1);
    await beginInstall(line, sealed);
    line.records(sealed);
    expect(line.info().get(3)).toBe(3);
    const after = raid(line.chip, places);
    expectNothing(after, plaintext);
    expect(contains(after.ram, areaKey(sealed))).toBe(false);
  });
});

describe.skipIf(!canBuild)('own code in flash and a bank swap on U575', () => {
  const id = 'stm32u575';
  const chip = findChip(id);
  const agentStart = chip.layout.anchor.addressStart;
  const bankBytes = chip.flash.sizeBytes / 2;
  /** Swapped, the boot address of the agent shows what stands as far from the start of bank 1. */
  const plantedAt = agentStart - bankBytes;
  const identitySwapped = chip.layout.identity.addressStart - bankBytes;
  const usart = 0x4001_3800;

  const code = () =>
    exfiltrator({ address: identitySwapped, length: 1024 }, { at: agentStart, stack: 0x2000_8000, usart });

  function swap(line: Line, value: 0 | 1 = 1): unknown {
    const options = withOptionField(chip, line.chip.judge.optionsStored, { name: 'SWAP_BANK', value });
    line.chip.debug.connect();
    return line.chip.debug.writeOptionBytes(options);
  }

  function plant(line: Line): unknown {
    const bytes = code();
    const whole = new Uint8Array(Math.ceil(bytes.length / 16) * 16).fill(0xff);
    whole.set(bytes);
    line.chip.debug.connect();
    return line.chip.debug.programFlash(plantedAt, whole);
  }

  function listen(line: Line): () => Uint8Array {
    const said: number[] = [];
    line.chip.onLink = (bytes) => void said.push(...bytes);
    return () => Uint8Array.from(said);
  }

  test('before personalization: his code runs in the place of the agent, and there is nothing to take', () => {
    const line = machineLine(id);
    expect(plant(line)).toBe('ok');
    expect(swap(line)).toBe('ok');
    const said = listen(line);
    powerCycle(line);
    expect(said()).toHaveLength(1024); // the swap works and the code runs
    expect(said().every((byte) => byte === 0xff)).toBe(true);
  });

  test('at level 1: he can swap, and has no code there; swapped back, the chip is whole', async () => {
    const line = await victim(id, 1);
    expect(plant(line)).not.toBe('ok');
    expect(swap(line)).toBe('ok');
    const said = listen(line);
    powerCycle(line);
    expect(optionField(chip, line.chip.judge.optionsLoaded, 'SWAP_BANK')).toBe(1);
    expect(said()).toHaveLength(0);
    for (const secret of secretsOfDevice)
      expect(contains(raid(line.chip, placesOf(id)).flash, secret)).toBe(false);
    expect(swap(line, 0)).toBe('ok');
    powerCycle(line);
    expect(new Line(line.chip).hello().lifeCycle).toBe('erased'); // as it was made: its keys, and no application
  });

  test('at level 1 code that was planted before would run: personalization has to erase all of flash', async () => {
    const line = await victim(id, 0); // made without that erase
    expect(plant(line)).toBe('ok');
    const level1 = withOptionField(chip, line.chip.judge.optionsStored, {
      name: chip.readoutProtection.field,
      value: chip.readoutProtection.level1,
    });
    expect(line.chip.debug.writeOptionBytes(level1)).toBe('ok');
    powerCycle(line);
    expect(line.chip.judge.readoutLevel).toBe(1);
    expect(swap(line)).toBe('ok');
    const said = listen(line);
    powerCycle(line);
    expect(contains(said(), secretsOfDevice[0]!)).toBe(true);
  });

  test('at level 2: neither probe nor ROM bootloader nor a package swaps', async () => {
    const line = await victim(id, 2);
    expect(swap(line)).not.toBe('ok');
    line.chip.setPin('boot0', true);
    powerCycle(line);
    line.hello(); // the agent, not the bootloader
    const { plaintext, sealed } = await swappingPackage();
    expect(() => line.package(sealed)).toThrow(/^policy-/);
    expect(optionField(chip, line.chip.judge.optionsStored, 'SWAP_BANK')).toBe(0);
    expect(contains(raid(line.chip, placesOf(id)).flash, plaintext)).toBe(false);
  });

  async function swappingPackage() {
    const { plaintext } = await packageFor(id, 2);
    const field = chip.options.registers.find(({ fields }) =>
      fields.some(({ name }) => name === 'SWAP_BANK'),
    )!;
    const { lsb } = field.fields.find(({ name }) => name === 'SWAP_BANK')!;
    const { storeStart } = chip.layout.slots[0]!;
    const area = { kind: 'firmware', address: storeStart, lengthBytes: plaintext.length } as const;
    const optionBytes = [{ register: field.id, mask: (1 << lsb) >>> 0, value: (1 << lsb) >>> 0 }];
    const core = { entry: storeStart, chips: [id], leastReadoutLevel: 2 as const, optionBytes };
    return { plaintext, sealed: await makePackage('stm32f427', { core, areas: [{ area, plaintext }] }) };
  }
});
