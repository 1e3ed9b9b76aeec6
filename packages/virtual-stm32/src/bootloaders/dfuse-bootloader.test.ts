// The DfuSe bootloader through its USB port: states, statuses, announced times, and the faults of
// silicon that can be switched on.

import { expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import { ChipUsbPort } from '../doors/chip-usb-port.ts';
import { UsbControl, UsbDetached } from '../doors/usb-device.ts';
import type { DfuseQuirk } from './dfuse-quirks.ts';
import { romBootloader } from './rom-bootloader.ts';

const nothing = new Uint8Array(0);
const flashStart = 0x08000000;
const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const [download, upload, clearStatus, abort] = [1, 2, 4, 6];

function bench(id: string, quirks: DfuseQuirk[] = []) {
  const chip = createVirtualChip({ chip: id, seed: 'dfu', executors: [romBootloader({ quirks })] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const port = new ChipUsbPort(chip);
  const control = new UsbControl(port.device!);
  const out = (request: number, value = 0, bytes: readonly number[] = []) =>
    control.handle(
      { requestType: 0x21, request, value, index: 0, length: bytes.length },
      Uint8Array.from(bytes),
    );
  const read = (request: number, value: number, length: number) =>
    control.handle({ requestType: 0xa1, request, value, index: 0, length }, nothing);
  /** Status, poll time in milliseconds, state. */
  const status = async () => {
    const bytes = (await read(3, 0, 6))!;
    return [bytes[0], bytes[1]! | (bytes[2]! << 8) | (bytes[3]! << 16), bytes[4]];
  };
  return { chip, port, control, out, read, status };
}

const erase = (address: number) => [0x41, ...littleEndian(address)];
const point = (address: number) => [0x21, ...littleEndian(address)];

test('a command runs on the GETSTATUS after it, which announces its time; the next tells how it went', async () => {
  const { chip, out, status } = bench('stm32f427');
  expect(await out(download, 0, erase(flashStart))).toEqual(nothing);
  const beforeUs = chip.clock.nowUs;
  expect(await status()).toEqual([0, 250, 4]);
  expect(chip.clock.nowUs - beforeUs).toBe(250_000);
  expect(await status()).toEqual([0, 0, 5]);
  await out(download, 0, [0x41]);
  expect(await status()).toEqual([0, 8000, 4]);
  await status();
  await out(download, 2, new Array<number>(2048).fill(0));
  expect(await status()).toEqual([0, Math.ceil((512 * 16) / 1000), 4]);
  expect(await status()).toEqual([0, 0, 5]);
  expect(chip.judge.flash(flashStart, 2048)).toEqual(new Uint8Array(2048));
});

test('blocks count from the address pointer, in whole transfers', async () => {
  const { chip, out, read, status } = bench('stm32h743');
  await out(download, 0, point(flashStart + 0x20000));
  await status();
  await status();
  await out(download, 3, [1, 2, 3, 4]);
  await status();
  await status();
  expect(chip.judge.flash(flashStart + 0x20400, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
  await out(abort);
  expect(await read(upload, 3, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
});

test('upload of block 0 lists the commands; at the end of a memory it is short', async () => {
  const { out, read, status } = bench('stm32f427');
  expect(await read(upload, 0, 16)).toEqual(Uint8Array.of(0x00, 0x21, 0x41, 0x92));
  await out(download, 0, point(flashStart + 0x1ffff0));
  await status();
  await status();
  await out(abort);
  expect(await read(upload, 2, 64)).toEqual(new Uint8Array(16).fill(0xff));
  expect(await status()).toEqual([0, 0, 2]);
});

test.each([
  ['a reserved block', download, 1, [1, 2, 3]],
  ['a command that does not exist', download, 0, [0x55]],
  ['a command of the wrong length', download, 0, [0x21, 0, 0]],
  ['more than a transfer', download, 2, new Array<number>(2049).fill(0)],
] as const)('%s is a stall and an error that CLRSTATUS ends', async (_, request, block, bytes) => {
  const { out, status } = bench('stm32f427');
  expect(await out(request, block, bytes)).toBeUndefined();
  expect(await status()).toEqual([15, 0, 10]);
  expect(await out(download, 0, erase(flashStart))).toBeUndefined();
  expect(await out(clearStatus)).toEqual(nothing);
  expect(await status()).toEqual([0, 0, 2]);
});

test('an address that is no memory is errTARGET', async () => {
  const { out, status } = bench('stm32f427');
  for (const command of [erase(0x20000000), point(0x60000000)]) {
    await out(download, 0, command);
    await status();
    expect(await status()).toEqual([1, 0, 10]);
    await out(clearStatus);
  }
});

test('CLRSTATUS outside an error is one itself: twice leads to idle', async () => {
  const { out, status } = bench('stm32f427');
  await out(clearStatus);
  expect(await status()).toEqual([14, 0, 10]);
  await out(clearStatus);
  expect(await status()).toEqual([0, 0, 2]);
});

test('what the flash refuses is not reported', async () => {
  const { chip, port } = bench('stm32f427');
  chip.debug.connect();
  const { id, defaultValue } = chip.chip.options.registers[0]!;
  chip.debug.programFlash(flashStart, new Uint8Array(4));
  chip.debug.writeOptionBytes(new Map([[id, (defaultValue & ~(1 << 16)) >>> 0]]));
  chip.reset();
  const control = new UsbControl(port.device!);
  const command = Uint8Array.from(erase(flashStart));
  const ask = { requestType: 0xa1, request: 3, value: 0, index: 0, length: 6 };
  await control.handle({ requestType: 0x21, request: download, value: 0, index: 0, length: 5 }, command);
  await control.handle(ask, nothing);
  expect(await control.handle(ask, nothing)).toEqual(Uint8Array.of(0, 0, 0, 0, 5, 0));
  expect(chip.judge.flash(flashStart, 4)).toEqual(new Uint8Array(4));
});

test('a device that resets leaves the bus: its answers end, another takes its place', async () => {
  const { chip, port, out, status } = bench('stm32f427');
  const { device } = port;
  await out(download, 0, [0x92]);
  expect(await status()).toEqual([0, 8000, 4]);
  expect(device!.detached!.aborted).toBe(true);
  await expect(status()).rejects.toBeInstanceOf(UsbDetached);
  expect(port.device).not.toBe(device);
  chip.powerOff();
  expect(port.device).toBeUndefined();
});

test('quirk: an erase past 1 MiB leaves dfuDNBUSY until CLRSTATUS comes twice, and is done', async () => {
  const { chip, out, status } = bench('stm32h743', ['erase-past-1mib-stays-busy']);
  await out(download, 0, point(flashStart + 0x100000));
  await status();
  await status();
  await out(download, 2, [0, 0, 0, 0]);
  await status();
  await status();
  await out(download, 0, erase(flashStart));
  await status();
  expect(await status()).toEqual([0, 0, 5]);
  await out(download, 0, erase(flashStart + 0x100000));
  await status();
  expect([await status(), await status()].map((one) => one[2])).toEqual([4, 4]);
  await out(clearStatus);
  await out(clearStatus);
  expect(await status()).toEqual([0, 0, 2]);
  expect(chip.judge.flash(flashStart + 0x100000, 1)[0]).toBe(0xff);
});

test('quirks of status and length', async () => {
  const slow = bench('stm32f427', ['mass-erase-announces-100ms']);
  await slow.out(download, 0, [0x41]);
  const beforeUs = slow.chip.clock.nowUs;
  expect(await slow.status()).toEqual([0, 100, 4]);
  expect(slow.chip.clock.nowUs - beforeUs).toBe(8_000_000);
  const strict = bench('stm32f427', ['clrstatus-stalls-outside-error']);
  expect(await strict.out(clearStatus)).toBeUndefined();
  expect(await strict.status()).toEqual([0, 0, 2]);
  const narrow = bench('stm32l476', ['fails-above-1024-bytes']);
  expect(await narrow.out(download, 2, new Array<number>(1025).fill(0))).toBeUndefined();
  await narrow.out(clearStatus);
  expect(await narrow.out(download, 2, new Array<number>(1024).fill(0))).toEqual(nothing);
});

test('quirks of descriptors', async () => {
  const functional = { requestType: 0x81, request: 6, value: 0x2100, index: 0, length: 9 };
  const plain = bench('stm32f427');
  expect(await plain.control.handle(functional, nothing)).toEqual(
    Uint8Array.of(9, 0x21, 0x0b, 0xff, 0, 0x00, 0x08, 0x1a, 0x01),
  );
  const mute = bench('stm32f427', ['no-functional-descriptor-request']);
  expect(await mute.control.handle(functional, nothing)).toBeUndefined();
  const same = bench('stm32f427', ['alternates-all-show-flash']).port.device!.strings.slice(4);
  expect(new Set(same)).toEqual(new Set([plain.port.device!.strings[4]]));
  const dirty = bench('stm32f427', ['layout-has-garbage-suffix']).port.device!.strings[4]!;
  expect(dirty.slice(0, -2)).toBe(plain.port.device!.strings[4]);
});
