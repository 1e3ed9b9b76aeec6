// The DfuSe client against virtual chips' ROM bootloaders, over the USB device that each shows in this
// process.

import { findChip } from '@firmseal/chips';
import { type Clock, systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import type { DfuseQuirk, VirtualChip } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { chipUsbPlace, type UsbPlace } from '../test/index.ts';
import { DfuseBootloader } from './index.ts';

const flash = 0x0800_0000;
const timeoutMs = 60_000;
const pattern = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 2_654_435_761) >>> 13) & 0xff);

interface Bench {
  readonly chip: VirtualChip;
  readonly place: UsbPlace;
  readonly open: (clock?: Clock) => Promise<DfuseBootloader>;
}

function bench(id: string, quirks: readonly DfuseQuirk[] = []): Bench {
  const chip = startInBootloader(id, { rom: { quirks } });
  const place = chipUsbPlace(chip);
  return {
    chip,
    place,
    // Announced times are the chip's simulated ones: they are waited for on a clock that jumps.
    open: async (clock = new TestClock()) =>
      DfuseBootloader.open({ device: await place.open(), clock, chip: id }),
  };
}

/** Runs on a clock on which waiting takes no time. */
async function on<T>(one: Bench, use: (bootloader: DfuseBootloader) => Promise<T>) {
  const clock = new TestClock();
  const result = await clock.run(one.open(clock).then(use));
  return { result, waitedMs: clock.nowMs() };
}

const chips = ['stm32f405', 'stm32f427', 'stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'];

describe('the DfuSe bootloader', () => {
  it.each(chips)('of %s shows its commands and where its flash is', async (id) => {
    const { result } = await on(bench(id), async (one) => ({
      commands: await one.commands(),
      layouts: one.layouts,
      size: one.transferSizeBytes,
    }));
    expect(result.commands).toEqual([0x00, 0x21, 0x41, 0x92]);
    expect(result.layouts[0]!.sectors[0]!.addressStart).toBe(flash);
    expect(result.size).toBe(findChip(id).romBootloader.dfu!.transferSizeBytes);
  });

  it.each(chips)('of %s erases, writes over block borders and reads back', async (id) => {
    const one = bench(id);
    const bytes = pattern(5120);
    const { result } = await on(one, async (dfu) => {
      for (const { addressStart } of findChip(id).flash.eraseUnits.slice(0, 3))
        await dfu.erasePage(addressStart, { timeoutMs });
      const told: number[] = [];
      await dfu.write(flash, bytes, { timeoutMs, onBlock: (end) => told.push(end) });
      expect(told.at(-1)).toBe(5120);
      return dfu.read(flash + 16, 5000);
    });
    expect(one.chip.judge.flash(flash, bytes.length)).toEqual(bytes);
    expect(result).toEqual(bytes.slice(16, 5016));
  });

  it('waits as long as the device announces', async () => {
    const one = bench('stm32f427');
    const { waitedMs } = await on(one, (dfu) => dfu.erasePage(flash, { timeoutMs }));
    expect(waitedMs).toBe(250);
    const { waitedMs: longer } = await on(one, (dfu) => dfu.massErase({ timeoutMs }));
    expect(longer).toBe(8000);
  });

  it('stops reading where it is told to, and goes on afterwards', async () => {
    const { result } = await on(bench('stm32f427'), async (dfu) => {
      const some = await dfu.read(flash, 65_536, (_, offset) => offset < 4096);
      return [some.length, (await dfu.read(flash, 8)).length];
    });
    expect(result).toEqual([6144, 8]);
  });

  it('says that the chip is read-protected, and lifts that, which erases', async () => {
    const one = bench('stm32g0b1');
    await on(one, (dfu) => dfu.write(flash, pattern(64), { timeoutMs }));
    const option = findChip('stm32g0b1').romBootloader.dfu!.alternates.length > 1 ? 1 : 0;
    await on(one, async (dfu) => {
      await dfu.select(option);
      const bytes = await dfu.read(0x1fff7800, 8);
      bytes[0] = 0xbb;
      bytes[4] = 0x44;
      await dfu.writeOptions(0x1fff7800, bytes, { timeoutMs });
    });
    expect(one.chip.judge.readoutLevel).toBe(1);
    const refused = on(one, (dfu) => dfu.read(flash, 16));
    await expect(refused).rejects.toMatchObject({ code: 'dfu-read-protected' });
    await on(one, (dfu) => dfu.readUnprotect({ timeoutMs }));
    expect(one.chip.judge.readoutLevel).toBe(0);
    const { result } = await on(one, (dfu) => dfu.read(flash, 4));
    expect(result).toEqual(Uint8Array.of(255, 255, 255, 255));
  });

  it('refuses addresses that are no memory', async () => {
    const one = bench('stm32f427');
    await expect(on(one, (dfu) => dfu.read(0x6000_0000, 16))).rejects.toMatchObject({
      code: 'dfu-address-refused',
    });
    await expect(on(one, (dfu) => dfu.erasePage(0x2000_0000, { timeoutMs }))).rejects.toMatchObject({
      code: 'dfu-address-refused',
    });
    await expect(on(one, (dfu) => dfu.read(0x081f_fff0, 64))).rejects.toMatchObject({
      code: 'dfu-short-read',
      fields: { address: '0x8200000' },
    });
    await on(one, (dfu) => dfu.read(flash, 16));
  });

  it('starts a program', async () => {
    const one = bench('stm32f427');
    await on(one, (dfu) => dfu.leave(flash));
    expect(one.chip.bootedApplication?.address).toBe(flash);
  });
});

describe('faults of silicon', () => {
  it('an erase that stays busy past 1 MiB is cleared, and the next command runs', async () => {
    const one = bench('stm32h743', ['erase-past-1mib-stays-busy']);
    const second = flash + 0x100000;
    const { waitedMs } = await on(one, async (dfu) => {
      await dfu.write(second, pattern(64), { timeoutMs });
      await dfu.erasePage(second, { timeoutMs: 4000 });
      await dfu.write(flash, pattern(64), { timeoutMs });
    });
    expect(one.chip.judge.flash(second, 1)[0]).toBe(0xff);
    expect(one.chip.judge.flash(flash, 64)).toEqual(pattern(64));
    expect(waitedMs).toBeGreaterThan(4000);
  });

  it('a chip that is not known for it is reported as busy', async () => {
    const one = bench('stm32f427', ['erase-past-1mib-stays-busy']);
    const run = on(one, (dfu) => dfu.erasePage(flash + 0x100000, { timeoutMs: 4000 }));
    await expect(run).rejects.toMatchObject({ code: 'dfu-busy', fields: { timeoutMs: 4000 } });
  });

  it('a functional descriptor that is not answered alone is found in the configuration', async () => {
    const { result } = await on(
      bench('stm32f427', ['no-functional-descriptor-request']),
      async (dfu) => dfu.transferSizeBytes,
    );
    expect(result).toBe(2048);
  });

  it('blocks of 2,048 bytes that fail become blocks of 1,024', async () => {
    const one = bench('stm32l476', ['fails-above-1024-bytes']);
    const told: number[] = [];
    await on(one, (dfu) => dfu.write(flash, pattern(4096), { timeoutMs, onBlock: (end) => told.push(end) }));
    expect(told).toEqual([1024, 2048, 3072, 4096]);
    expect(one.chip.judge.flash(flash, 4096)).toEqual(pattern(4096));
  });

  it('CLRSTATUS that stalls outside of dfuERROR is not sent there', async () => {
    const one = bench('stm32f427', ['clrstatus-stalls-outside-error']);
    await expect(on(one, (dfu) => dfu.read(0x6000_0000, 16))).rejects.toMatchObject({
      code: 'dfu-address-refused',
    });
    await on(one, (dfu) => dfu.read(flash, 16));
  });

  it('a mass erase that announces 100 ms is waited for in the GETSTATUS that it holds up', async () => {
    const one = bench('stm32f427', ['mass-erase-announces-100ms']);
    const clock = new TestClock();
    const device = await one.place.open();
    const { controlTransferIn } = device;
    let polls = 0;
    // The chip is busy inside of the first GETSTATUS: here the second takes the 8 seconds.
    device.controlTransferIn = async (setup, length) => {
      if (setup.requestType === 'class' && setup.request === 3 && ++polls === 2)
        await new Promise<void>((resolve) => clock.after(8000, resolve));
      return controlTransferIn.call(device, setup, length);
    };
    await clock.run(
      DfuseBootloader.open({ device, clock }).then((dfu) => dfu.massErase({ timeoutMs: 32_000 })),
    );
    expect(polls).toBe(2);
    expect(clock.nowMs()).toBe(8100);
  });
});

describe('a USB device that lies or leaves', () => {
  it('asks for hours: the deadline is ours', async () => {
    const one = bench('stm32f427');
    const device = await one.place.open();
    const { controlTransferIn } = device;
    device.controlTransferIn = async (setup, length) => {
      if (setup.requestType === 'class' && setup.request === 3)
        return { status: 'ok', data: new DataView(Uint8Array.of(0, 255, 255, 255, 4, 0).buffer) };
      return controlTransferIn.call(device, setup, length);
    };
    const clock = new TestClock();
    const run = DfuseBootloader.open({ device, clock }).then((dfu) =>
      dfu.erasePage(flash, { timeoutMs: 3000 }),
    );
    await expect(clock.run(run)).rejects.toMatchObject({ code: 'dfu-busy' });
    expect(clock.nowMs()).toBe(3000);
  });

  it('answers nothing: the transfer ends, and the device is closed', async () => {
    const one = bench('stm32f427');
    const device = await one.place.open();
    device.controlTransferIn = () => new Promise(() => undefined);
    const clock = new TestClock();
    await expect(clock.run(DfuseBootloader.open({ device, clock }))).rejects.toMatchObject({
      code: 'usb-transfer-timeout',
    });
    expect(device.opened).toBe(false);
  });

  it.each([
    ['a status of 5 bytes', [0, 0, 0, 0, 2]],
    ['a status that does not exist', [16, 0, 0, 0, 2, 0]],
    ['a state that does not exist', [0, 0, 0, 0, 11, 0]],
    ['nothing', []],
  ])('gives %s: a malformed answer', async (_, bytes) => {
    const one = bench('stm32f427');
    const device = await one.place.open();
    const { controlTransferIn } = device;
    device.controlTransferIn = async (setup, length) => {
      if (setup.requestType === 'class' && setup.request === 3)
        return { status: 'ok', data: new DataView(Uint8Array.from(bytes).buffer) };
      return controlTransferIn.call(device, setup, length);
    };
    const clock = new TestClock();
    const run = DfuseBootloader.open({ device, clock }).then((dfu) => dfu.erasePage(flash, { timeoutMs }));
    await expect(clock.run(run)).rejects.toMatchObject({ code: 'dfu-answer-malformed' });
  });

  it('loses power in the middle: the device is lost', async () => {
    const one = bench('stm32f427');
    const dfu = await one.open(systemClock);
    one.chip.powerOff();
    await expect(dfu.read(flash, 16)).rejects.toMatchObject({ code: 'usb-device-lost' });
  });
});
