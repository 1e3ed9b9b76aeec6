/// <reference types="w3c-web-usb" />
// The seam takes a browser's USBDevice as it is (held by the compiler), and the
// stand-in of tests behaves like one.

import { describe, expect, it } from 'vitest';
import { type DeviceAnswers, enumerate, type Setup } from '../test/index.ts';
import type { UsbDevice } from './index.ts';

/** The compiler refuses this function when a member of the seam differs from WebUSB. */
const ofBrowser = (device: USBDevice): UsbDevice => device;

const own = Uint8Array.of(18, 1, 0, 2, 0, 0, 0, 64, 0x83, 0x04, 0x11, 0xdf, 0x34, 0x12, 0, 1, 0, 1);
const configuration = Uint8Array.of(9, 2, 18, 0, 1, 1, 0, 0xc0, 50, 9, 4, 0, 0, 0, 0xfe, 1, 2, 2);
const strings: readonly string[] = ['', 'thing', '@Flash'];

function device(classRequest: DeviceAnswers['control'], detached?: AbortSignal): DeviceAnswers {
  return {
    ...(detached === undefined ? {} : { detached }),
    async control(setup: Setup, data: Uint8Array) {
      if (setup.requestType !== 0x80) return setup.requestType === 0 ? data : classRequest(setup, data);
      if (setup.value === 0x0100) return own;
      if (setup.value === 0x0200) return configuration.slice(0, setup.length);
      const units = [...strings[setup.value & 0xff]!].flatMap((letter) => [letter.charCodeAt(0), 0]);
      return Uint8Array.of(2 + units.length, 3, ...units);
    },
  };
}

const getStatus = { requestType: 'class', recipient: 'interface', request: 3, value: 0, index: 0 } as const;

describe('a USB device behind the seam', () => {
  it('is enumerated, opened and asked', async () => {
    const setups: Setup[] = [];
    const usb = await enumerate(
      device(async (setup) => {
        setups.push(setup);
        return Uint8Array.of(0, 0, 0, 0, 2, 0);
      }),
    );
    expect(usb).toMatchObject({ vendorId: 0x0483, productId: 0xdf11, productName: 'thing' });
    expect([usb.deviceVersionMajor, usb.deviceVersionMinor, usb.deviceVersionSubminor]).toEqual([0x12, 3, 4]);
    await usb.open();
    await usb.selectConfiguration(1);
    await usb.claimInterface(0);
    expect(usb.configuration!.interfaces[0]).toMatchObject({
      claimed: true,
      alternate: { alternateSetting: 0, interfaceClass: 0xfe, interfaceName: '@Flash' },
    });
    const result = await usb.controlTransferIn(getStatus, 6);
    expect(result).toMatchObject({ status: 'ok' });
    expect(result.data!.getUint8(4)).toBe(2);
    expect(setups).toEqual([{ requestType: 0xa1, request: 3, value: 0, index: 0, length: 6 }]);
  });

  it('shows a stall as a result', async () => {
    const usb = await enumerate(device(async () => undefined));
    await usb.open();
    expect(await usb.controlTransferIn(getStatus, 6)).toEqual({ status: 'stall' });
    expect(await usb.controlTransferOut(getStatus)).toEqual({ status: 'stall', bytesWritten: 0 });
  });

  it('ends a transfer that waits when it is closed, or when the device leaves', async () => {
    const silent = () => new Promise<never>(() => undefined);
    const closed = await enumerate(device(silent));
    await closed.open();
    const waiting = closed.controlTransferIn(getStatus, 6);
    await closed.close();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    const unplugged = new AbortController();
    const left = await enumerate(device(silent, unplugged.signal));
    await left.open();
    const lost = left.controlTransferIn(getStatus, 6);
    unplugged.abort();
    await expect(lost).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  it('has the methods of WebUSB', async () => {
    const usb = await enumerate(device(async () => undefined));
    expect(ofBrowser(usb as unknown as USBDevice)).toBe(usb);
  });
});
