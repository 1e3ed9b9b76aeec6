// What a receipt is worth after its install: measured again when it answers a challenge, kept until another
// install ended. spec/receipt.md section 2, on the agent's WebAssembly build.

import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { judgeReceipt, parseReceiptUnverified } from '@firmseal/license';
import { wasmAgent } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { blankLine, type Line, personalizedLine } from './line.ts';
import { makeLicense, makePackage, places, smallAreas } from './trusted-site.ts';

const chipId = 'stm32f427';
const challenge = () => crypto.randomBytes(32);
const none = new Uint8Array(0);

/** What a receipt says, whether a verifier would take it or not. */
const said = (line: Line, given: Uint8Array) => parseReceiptUnverified(line.request(0x24, given));

describe.each([
  { what: 'firmware', address: places[chipId].second, result: 'gone' },
  { what: 'per-device data', address: places[chipId].data, result: 'gone' },
  { what: 'keys that the chip made', address: places[chipId].keys, result: 'installed' },
])('$what changed behind the back of the agent', ({ address, result }) => {
  it(`a receipt with a challenge says ${result}`, async () => {
    const line = await personalizedLine(chipId, 0);
    const sealed = await makePackage(chipId);
    await line.install(sealed);
    expect(said(line, challenge())).toMatchObject({ result: 'installed', fresh: true, measured: true });
    line.chip.debug.connect();
    expect(line.chip.debug.programFlash(address, new Uint8Array(32))).toBe('ok');
    expect(said(line, challenge())).toMatchObject({ result, fresh: true, measured: true });
    // Without a challenge it tells the end of the install, and says so.
    expect(said(line, none)).toMatchObject({ result: 'installed', fresh: false, measured: false });
  });
});

describe('the receipt of the install that ended last', () => {
  async function installed() {
    const line = await personalizedLine(chipId, 1);
    const first = await makePackage(chipId);
    const license = await line.licenseFor(first);
    await line.install(first, license);
    const areas = smallAreas(chipId, 30);
    const core = { securityCounter: 6, interruption: 'resume' as const };
    return { line, first, license, next: await makePackage(chipId, { core, areas }) };
  }

  it('stays when another license was unwrapped, and nothing came of it', async () => {
    const { line, first, license } = await installed();
    line.package(first);
    const wrong = await makeLicense(first, line.device!, { contentKey: crypto.randomBytes(32) });
    expect(line.try(0x21, wrong.bundle).status).toBe('key-commitment-wrong');
    expect(line.hello().unwraps).toBe(2);
    expect(line.receipt(license, first.manifest, challenge())).toMatchObject({ result: 'installed' });
  });

  it('can be asked for while another install is under way, and says so to a challenge', async () => {
    const { line, first, license, next } = await installed();
    const second = await line.licenseFor(next);
    line.package(next);
    line.license(second);
    line.record(0, next.records[0]!);
    line.chip.reset();
    line.hello();
    expect(line.receipt(license, first.manifest)).toMatchObject({ result: 'installed', fresh: false });
    expect(said(line, challenge())).toMatchObject({
      ...{ result: 'gone', fresh: true, measured: false },
      licenseId: license.terms.licenseId,
    });
    // The next one ends: from here on the receipt is its own.
    line.package(next);
    line.license(second);
    for (const [index, record] of next.records.entries()) line.record(index, record);
    expect(line.receipt(second, next.manifest, challenge())).toMatchObject({ installCount: 2 });
  });

  it('is gone after an install that ended badly', async () => {
    const { line } = await installed();
    const erasing = await makePackage(chipId, { core: { securityCounter: 6, interruption: 'erase' } });
    line.hello();
    line.package(erasing);
    line.license(await makeLicense(erasing, line.device!));
    line.chip.reset();
    line.hello();
    expect(line.try(0x24, none).status).toBe('no-receipt');
  });
});

it('a level that a key takes back counts as level 1: the receipt says UNPROTECTED', async () => {
  const agent = wasmAgent(crypto);
  const withKey = {
    recognizes: (cpu: Parameters<typeof agent.recognizes>[0]) => agent.recognizes(cpu),
    create() {
      const firmware = agent.create();
      const start: typeof firmware.start = (cpu) =>
        firmware.start(
          new Proxy(cpu, {
            get: (port, name) => (name === 'levelKeySet' ? true : Reflect.get(port, name)),
          }),
        );
      return { start, receive: (bytes: Bytes) => firmware.receive(bytes) };
    },
  };
  const line = await blankLine('stm32u575', 'key', undefined, [], withKey);
  await line.personalize(2);
  expect(line.hello()).toMatchObject({ readoutLevel: 2, levelKey: true });
  const entry = line.chip.chip.layout.slots[0]!.storeStart;
  const area = { kind: 'firmware' as const, address: entry, lengthBytes: 1024 };
  const areas = [{ area, plaintext: new Uint8Array(1024).fill(3) }];
  const sealed = await makePackage('stm32u575', { core: { entry, leastReadoutLevel: 1 }, areas });
  expect(await line.install(sealed)).toMatchObject({ readoutLevel: 2, levelKey: true, unprotected: true });
  const stricter = await makePackage('stm32u575', { core: { entry, leastReadoutLevel: 2 }, areas });
  expect(line.try(0x20, stricter.headerBytes).status).toBe('readout-level-too-low');
});

describe('at a level that the owner can take back', () => {
  const outcomeOf = async (id: string, level: 1 | 2) => {
    const line = await personalizedLine(id, level);
    const entry = line.chip.chip.layout.slots[0]!.storeStart;
    const area = { kind: 'firmware' as const, address: entry, lengthBytes: 1024 };
    const areas = [{ area, plaintext: new Uint8Array(1024).fill(3) }];
    const sealed = await makePackage(id, { core: { entry, leastReadoutLevel: 1 }, areas });
    const receipt = await line.install(sealed);
    const inputs = { manifest: sealed.manifest, receipt, device: line.device! };
    return {
      refused: judgeReceipt({ ...inputs, accepts: ['UNPROTECTED'] }),
      taken: judgeReceipt({ ...inputs, accepts: ['REPAIRABLE'] }),
    };
  };

  it.each(['stm32h743', 'stm32g0b1', 'stm32u575'])('%s is REPAIRABLE, for a job that says so', async (id) => {
    const { refused, taken } = await outcomeOf(id, 1);
    expect(refused).toEqual({ outcome: 'REPAIRABLE', weaknesses: ['REPAIRABLE'], accepted: false });
    expect(taken.accepted).toBe(true);
    expect((await outcomeOf(id, 2)).refused).toMatchObject({ outcome: 'PASS' });
  });

  it('stm32f427 has no such tier', async () => {
    const { refused, taken } = await outcomeOf('stm32f427', 1);
    expect(refused).toMatchObject({ outcome: 'UNPROTECTED', accepted: true });
    expect(taken.accepted).toBe(false);
  });
});
