// The agent's USB device class on a virtual chip, request by request: descriptors to the byte, the
// states of DFU 1.1, a package with its license as a file, every fault as the status that
// spec/link.md section 5.5 gives it.

import { concatBytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { attachLicense } from '@firmseal/seal';
import { describe, expect, it } from 'vitest';
import faultNumbers from './fault-numbers.ts';
import { blankLine, type Line, NoAnswer, personalizedLine } from './line.ts';
import {
  makeLicense,
  makePackage,
  places,
  smallAreas,
  type TestLicense,
  type TestPackage,
} from './trusted-site.ts';
import { dfuState, putBoard, Stalled, transferBytes, UsbHost } from './usb-host.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const none = new Uint8Array(0);

async function standing(sealed: TestPackage, line: Line): Promise<TestLicense> {
  line.hello();
  return makeLicense(sealed, line.device!);
}

const attached = (sealed: TestPackage, { bundle }: TestLicense, file = sealed.file) =>
  concatBytes(...attachLicense(file, bundle));

async function bench(level: 0 | 1 | 2 = 2, chipId = 'stm32f427') {
  const line = await personalizedLine(chipId, level);
  const usb = new UsbHost(line.chip);
  await usb.open();
  return { line, usb };
}

describe('descriptors', () => {
  const descriptor = (usb: UsbHost, type: number, index = 0) =>
    usb.in(0x80, 6, (type << 8) | index, { length: 255 });

  it('device, configuration with two alternate settings, strings', async () => {
    const line = await blankLine('stm32f427');
    const usb = new UsbHost(line.chip);
    await usb.open();
    expect(await descriptor(usb, 1)).toEqual(hex('12 01 0102 00 00 00 40 0912 0100 0100 01 02 03 01'));
    expect(await descriptor(usb, 2)).toEqual(
      hex(
        '09 02 2d00 01 01 00 c0 32' +
          '09 04 00 00 00 fe 01 02 04  09 21 01 ff00 0004 1001' +
          '09 04 00 01 00 ff 00 00 05  09 21 07 ff00 0004 1001',
      ),
    );
    const text = async (index: number) =>
      Buffer.from((await descriptor(usb, 3, index)).subarray(2)).toString('utf16le');
    expect(await descriptor(usb, 3, 0)).toEqual(hex('04 03 09 04'));
    expect([await text(1), await text(2)]).toEqual(['firmseal', 'firmseal agent stm32f427']);
    expect(await text(3)).toBe(Buffer.from(line.chip.uid).toString('hex').toUpperCase());
    expect([await text(4), await text(5)]).toEqual(['firmseal package', 'firmseal frames']);
    await expect(descriptor(usb, 3, 6)).rejects.toThrow(Stalled);
    expect(await usb.in(0x81, 6, 0x2100)).toEqual(hex('09 21 01 ff00 0004 1001'));
    await usb.open(1);
    expect(await usb.in(0x81, 6, 0x2100)).toEqual(hex('09 21 07 ff00 0004 1001'));
  });

  const store = (landing: number) =>
    hex(
      '05 0f 3900 02' +
        '1c 10 05 00 df60ddd88945c74c9cd2659d9e648a9f 00000306 a200 01 00' +
        `18 10 05 00 38b60834a909a0478bfda0768815b665 0001 02 0${landing}`,
    );

  it('of a board: its ids, and the landing page that it names', async () => {
    const line = await blankLine('stm32f427');
    putBoard(line, { vendorId: 0x1234, productId: 0xabcd, landingPage: 'https://fw.example.com/abc' });
    const usb = new UsbHost(line.chip);
    await usb.open();
    expect((await descriptor(usb, 1)).subarray(8, 12)).toEqual(hex('3412 cdab'));
    expect(await descriptor(usb, 15)).toEqual(store(1));
    const url = await usb.in(0xc0, 2, 1, { index: 2 });
    expect([...url.subarray(0, 3)]).toEqual([url.length, 3, 1]);
    expect(new TextDecoder().decode(url.subarray(3))).toBe('fw.example.com/abc');
    await expect(usb.in(0xc0, 2, 2, { index: 2 })).rejects.toThrow(Stalled);
  });

  it('platform capabilities, Microsoft OS 2.0 set, and no landing page where no board names one', async () => {
    const { usb } = await bench();
    expect(await descriptor(usb, 15)).toEqual(store(0));
    const set = await usb.in(0xc0, 1, 0, { index: 7 });
    const utf16 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'));
    expect(set).toEqual(
      concatBytes(
        hex('0a00 0000 00000306 a200'),
        hex('1400 0300 57494e5553420000 0000000000000000'),
        hex('8400 0400 0700 2a00'),
        utf16('DeviceInterfaceGUIDs\0'),
        hex('5000'),
        utf16('{9A0E6C51-4B72-4D03-A61E-2F8B3C5D7E90}\0\0'),
      ),
    );
    await expect(usb.in(0xc0, 1, 0, { index: 4 })).rejects.toThrow(Stalled);
    await expect(usb.in(0xc0, 2, 1, { index: 2 })).rejects.toThrow(Stalled);
  });
});

describe('package download', () => {
  it.each(['stm32f427', 'stm32h743'] as const)(
    '%s: installs, resets and boots; a receipt can be asked for later',
    async (chipId) => {
      const { line, usb } = await bench(2, chipId);
      const sealed = await makePackage(chipId);
      const license = await standing(sealed, line);
      const after = await usb.send(attached(sealed, license));
      expect(after).toEqual({ status: 0, pollMs: 0, state: dfuState.downloadIdle });
      expect(usb.longestPollMs).toBeGreaterThan(2000);
      expect(await usb.finish()).toEqual({ status: 0, pollMs: 0, state: dfuState.waitReset });
      expect(line.chip.bootedApplication?.address).toBe(places[chipId].firmware);
      expect(usb.present).toBe(false);
      for (const { area, plaintext } of smallAreas(chipId))
        if (plaintext) expect(line.chip.judge.flash(area.address, area.lengthBytes)).toEqual(plaintext);
      line.chip.setPin('agent-request', true);
      line.chip.reset();
      line.hello();
      const receipt = line.receipt(license, sealed.manifest, crypto.randomBytes(32));
      expect(receipt).toMatchObject({ fresh: true, installCount: 1, result: 'installed' });
    },
  );

  it('blocks of any size: one byte at a time over header and records', async () => {
    const { line, usb } = await bench();
    const areas = smallAreas('stm32f427').slice(0, 1);
    const sealed = await makePackage('stm32f427', { areas });
    const file = attached(sealed, await standing(sealed, line));
    for (let at = 0; at < file.length; ) {
      const length = at % 7 === 0 ? 1 : Math.min(transferBytes, 1 + (at % 997));
      await usb.download(file.subarray(at, at + length));
      expect((await usb.settle()).state).toBe(dfuState.downloadIdle);
      at += length;
    }
    expect((await usb.finish()).state).toBe(dfuState.waitReset);
  });

  it('option bytes: errPOR, the chip resets with them in force, and the same file installs', async () => {
    const { line, usb } = await bench(1);
    const register = line.chip.chip.readoutProtection.field;
    expect(register).toBeDefined();
    const sealed = await makePackage('stm32f427', {
      core: { optionBytes: [{ register: 0, mask: 0x0000ff00, value: 0x0000cc00 }] },
    });
    const file = attached(sealed, await standing(sealed, line));
    expect(line.chip.judge.readoutLevel).toBe(1);
    const seen = await usb.send(file);
    expect(seen).toMatchObject({ status: 0x0d, state: dfuState.error });
    expect(line.chip.judge.readoutLevel).toBe(2);
    await usb.open();
    await usb.send(file);
    expect((await usb.finish()).state).toBe(dfuState.waitReset);
  });

  it('the security counter rises with the end of the file only, and an older package is refused then', async () => {
    const { line, usb } = await bench();
    const newer = await makePackage('stm32f427', { core: { securityCounter: 9 } });
    await usb.send(attached(newer, await standing(newer, line)));
    line.chip.reset();
    expect(line.hello()).toMatchObject({ securityCounter: 0, lifeCycle: 'installing' });
    await usb.open();
    await usb.send(attached(newer, await standing(newer, line)));
    await usb.finish();
    line.chip.setPin('agent-request', true);
    line.chip.reset();
    expect(line.hello()).toMatchObject({ securityCounter: 9, lifeCycle: 'installed' });
    const older = await makePackage('stm32f427', { core: { securityCounter: 8 } });
    await usb.open();
    expect(await usb.send(attached(older, await standing(older, line)))).toMatchObject({ status: 0x0b });
    expect(faultNumbers((await usb.fault())[0])).toBe('counter-rolled-back');
    line.chip.setPin('agent-request', false);
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('while a file comes, frames on the other link are dropped; after it was given up they are not', async () => {
    const { line, usb } = await bench();
    const sealed = await makePackage('stm32f427');
    const file = attached(sealed, await standing(sealed, line));
    await usb.send(file.subarray(0, 1000));
    expect(() => line.info()).toThrow(NoAnswer);
    await usb.abort();
    expect(line.info().get(3)).toBe(1);
    await usb.send(file);
    expect((await usb.finish()).state).toBe(dfuState.waitReset);
  });
});

describe('faults', () => {
  /** Byte of the file changed, counted from the start or (negative) from the end. */
  const flip = (file: Uint8Array, at: number) => {
    const copy = file.slice();
    const place = at < 0 ? copy.length + at : at;
    copy[place] = copy[place]! ^ 1;
    return copy;
  };
  type Spoil = (sealed: TestPackage, line: Line) => Promise<Uint8Array>;
  const good: Spoil = async (sealed, line) => attached(sealed, await standing(sealed, line));
  const cases: readonly [string, number, string, Spoil][] = [
    ['magic', 0x02, 'package-magic-wrong', async (sealed, line) => flip(await good(sealed, line), 0)],
    ['length of the header', 0x02, 'package-header-too-large', async (s, l) => flip(await good(s, l), 10)],
    ['no license', 0x0b, 'package-license-missing', async (sealed) => sealed.file],
    [
      "another chip's license",
      0x01,
      'license-device-wrong',
      async (sealed) => good(sealed, await personalizedLine('stm32f427', 2, 'other')),
    ],
    [
      'a license for another package',
      0x02,
      'license-manifest-wrong',
      async (sealed, line) =>
        attached(
          sealed,
          await standing(await makePackage('stm32f427', { core: { firmwareVersion: '9' } }), line),
        ),
    ],
    [
      'a session license for an old nonce',
      0x0b,
      'license-nonce-wrong',
      async (sealed, line) => {
        line.hello();
        return attached(sealed, await makeLicense(sealed, { ...line.device!, nonce: new Uint8Array(16) }));
      },
    ],
    [
      'another chip id',
      0x01,
      'manifest-chip-wrong',
      async (_, line) => good(await makePackage('stm32h743'), line),
    ],
    [
      'a level that the chip does not have',
      0x0b,
      'readout-level-too-low',
      async (_, line) => good(await makePackage('stm32f427', { core: { leastReadoutLevel: 2 } }), line),
    ],
    [
      'first record',
      0x02,
      'record-hash-wrong',
      async (s, l) => flip(await good(s, l), -(2144 + 1024 + 4 * 48 - 60)),
    ],
    ['last record', 0x02, 'record-hash-wrong', async (sealed, line) => flip(await good(sealed, line), -1)],
    [
      'a byte behind the last record',
      0x02,
      'package-overlong',
      async (sealed, line) => concatBytes(await good(sealed, line), Uint8Array.of(0)),
    ],
  ];

  it.each(cases)('%s: status %i, %s', async (_, status, code, spoil) => {
    const { line, usb } = await bench(1);
    const sealed = await makePackage('stm32f427');
    expect(await usb.send(await spoil(sealed, line))).toMatchObject({ status, state: dfuState.error });
    expect(faultNumbers((await usb.fault())[0])).toBe(code);
    await expect(usb.download(none)).rejects.toThrow(Stalled);
    expect(await usb.status()).toMatchObject({ status, state: dfuState.error });
    line.chip.reset();
    expect(line.chip.bootedApplication).toBeUndefined();
    await usb.open();
    expect(await usb.send(await good(sealed, line))).toMatchObject({ status: 0 });
    expect((await usb.finish()).state).toBe(dfuState.waitReset);
    expect(line.chip.bootedApplication).toBeDefined();
  });

  it('a file that ends early, wherever: STALL and errNOTDONE', async () => {
    const { line, usb } = await bench(1);
    const sealed = await makePackage('stm32f427');
    const file = await good(sealed, line);
    for (const length of [1, 12, 500, file.length - 2000, file.length - 1]) {
      await usb.send(file.subarray(0, length));
      await expect(usb.download(none)).rejects.toThrow(Stalled);
      expect(await usb.status()).toMatchObject({ status: 0x09, state: dfuState.error });
      expect(faultNumbers((await usb.fault())[0])).toBe('package-truncated');
      await usb.clearStatus();
      expect(await usb.state()).toBe(dfuState.idle);
    }
  });

  it('a chip without identity: errFIRMWARE', async () => {
    const line = await blankLine('stm32f427');
    const usb = new UsbHost(line.chip);
    await usb.open();
    const sealed = await makePackage('stm32f427');
    expect(await usb.send(sealed.file)).toMatchObject({ status: 0x0a });
    expect(faultNumbers((await usb.fault())[0])).toBe('not-personalized');
  });
});

describe('requests out of place are a STALL and errSTALLEDPKT, and nothing else', () => {
  const cases: readonly [string, (usb: UsbHost) => Promise<unknown>][] = [
    ['the end of a file that did not begin', (usb) => usb.download(none)],
    ['a block above wTransferSize', (usb) => usb.download(new Uint8Array(transferBytes + 1))],
    ['an upload of the package setting', (usb) => usb.upload()],
    ['CLRSTATUS without an error', (usb) => usb.clearStatus()],
    ['DETACH', (usb) => usb.out(0x21, 0, 1000, none)],
  ];
  it.each(cases)('%s', async (_, ask) => {
    const { usb } = await bench(1);
    await expect(ask(usb)).rejects.toThrow(Stalled);
    const seen = await usb.status();
    // A data stage that endpoint 0 has no room for never reaches the states.
    expect([dfuState.error, dfuState.idle]).toContain(seen.state);
    if (seen.state === dfuState.error) {
      expect(seen.status).toBe(0x0f);
      await usb.clearStatus();
    }
    expect(await usb.state()).toBe(dfuState.idle);
  });

  it('a block before the one ahead was asked for', async () => {
    const { usb } = await bench(1);
    await usb.download(Uint8Array.of(0x46));
    await expect(usb.download(Uint8Array.of(0x53))).rejects.toThrow(Stalled);
    expect(await usb.status()).toMatchObject({ status: 0x0f, state: dfuState.error });
  });
});
