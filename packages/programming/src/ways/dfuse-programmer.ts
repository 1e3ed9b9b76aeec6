// Programs a chip through the DfuSe bootloader in its ROM. The chip leaves the bus whenever option bytes
// reset it: the device at the same place is opened again then, so BOOT0 must stay set.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, type EraseUnit, type OptionValues, withOptionField } from '@firmseal/chips';
import { DfuseBootloader } from '@firmseal/dfu';
import { Fault } from '@firmseal/fault';
import { type Clock, sleep } from '@firmseal/link';
import type { UsbDevice } from '@firmseal/usb-device';
import type { ChipIdentity, ChipProgrammer } from '../chip-programmer.ts';
import {
  eraseTimeoutMs,
  massEraseTimeoutMs,
  optionTimeoutMs,
  programTimeoutMs,
  unprotectTimeoutMs,
} from '../deadlines.ts';
import { checkIdentity, flashSizeOf } from '../identity.ts';
import { changeOfWindow, readOptionWindows, windowsInOrder } from '../option-windows.ts';
import { refuseUnreachable } from '../reachable.ts';

export interface DfuseProgrammerOptions {
  readonly chip: Chip;
  readonly clock: Clock;
  /** Waits for the device at the place and gives it; called again after each reset of the chip. */
  readonly openDevice: () => Promise<UsbDevice>;
}

/** Opens the device. Throws `dfu-interface-missing`, `dfu-not-dfuse` and the faults of opening. */
export async function openDfuseProgrammer(options: DfuseProgrammerOptions): Promise<ChipProgrammer> {
  return new DfuseProgrammer(options, await openBootloader(options));
}

async function openBootloader({ chip, clock, openDevice }: DfuseProgrammerOptions): Promise<DfuseBootloader> {
  return DfuseBootloader.open({ device: await openDevice(), clock, chip: chip.id });
}

const flashSetting = 0;
const returnMs = 500;
const returnAttempts = 4;

class DfuseProgrammer implements ChipProgrammer {
  readonly way = 'dfuse';
  readonly #options: DfuseProgrammerOptions;
  #bootloader: DfuseBootloader;

  constructor(options: DfuseProgrammerOptions, bootloader: DfuseBootloader) {
    this.#options = options;
    this.#bootloader = bootloader;
  }

  get chip(): Chip {
    return this.#options.chip;
  }

  /**
   * The device leaves the bus, is enumerated again, and is another one then: the system
   * may need some time for both.
   */
  async #reopen(): Promise<void> {
    await this.#bootloader.close().catch(() => undefined);
    for (let attempt = 1; ; attempt++) {
      await sleep(this.#options.clock, returnMs);
      try {
        this.#bootloader = await openBootloader(this.#options);
        return;
      } catch (error) {
        const isUsb = error instanceof Fault && error.code.startsWith('usb-');
        if (!isUsb || attempt === returnAttempts) throw error;
      }
    }
  }

  /** DfuSe has no command for the id: the layout of the flash tells chips apart, as far as it does. */
  async identify(): Promise<ChipIdentity> {
    const { chip } = this;
    const sectors = this.#bootloader.layouts[flashSetting]?.sectors ?? [];
    const sizes = sectors.flatMap(({ count, sizeBytes }) => Array<number>(count).fill(sizeBytes));
    const expected = chip.flash.eraseUnits.map(({ sizeBytes }) => sizeBytes);
    const sameStart = sectors[0]?.addressStart === chip.flash.addressStart;
    if (!sameStart || sizes.length !== expected.length || sizes.some((size, i) => size !== expected[i]))
      throw new Fault('chip-is-another', {
        chip: chip.id,
        deviceId: 'no device id',
        found: `a chip with another flash (${sizes.length} sectors)`,
      });
    const { identity, romBootloader } = chip;
    await this.#bootloader.select(flashSetting);
    let uniqueId: Bytes | undefined;
    try {
      uniqueId = await this.#readIfServed(identity.uniqueIdAddress, identity.uniqueIdLength);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'dfu-read-protected')) throw error;
      return { readProtected: true };
    }
    const version = await this.#readIfServed(romBootloader.version.address, 1);
    const size = await this.#readIfServed(identity.flashSizeAddress, 2);
    return checkIdentity(chip, {
      ...{ readProtected: false, romInterface: this.#bootloader.settingNames },
      ...(version && { bootloaderVersion: version[0]! }),
      ...(size && { flashSizeBytes: flashSizeOf(size) }),
      ...(uniqueId && { uniqueId }),
    });
  }

  /** Undefined where the bootloader refuses: it does not serve every address of its own ROM. */
  async #readIfServed(address: number, lengthBytes: number): Promise<Bytes | undefined> {
    try {
      return await this.#bootloader.read(address, lengthBytes);
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'dfu-address-refused')) throw error;
      return undefined;
    }
  }

  async read(
    address: number,
    lengthBytes: number,
    onBlock?: (block: Uint8Array, offset: number) => boolean,
  ): Promise<Bytes> {
    await this.#bootloader.select(flashSetting);
    return this.#bootloader.read(address, lengthBytes, onBlock);
  }

  async eraseUnits(units: readonly EraseUnit[], onErased: (units: number) => void = () => {}): Promise<void> {
    await this.#bootloader.select(flashSetting);
    for (const [i, unit] of units.entries()) {
      await this.#bootloader.erasePage(unit.addressStart, { timeoutMs: eraseTimeoutMs(this.chip, [unit]) });
      onErased(i + 1);
    }
  }

  async eraseAll(): Promise<void> {
    await this.#bootloader.select(flashSetting);
    await this.#bootloader.massErase({ timeoutMs: massEraseTimeoutMs(this.chip) });
  }

  async write(address: number, bytes: Uint8Array, onBlock?: (bytes: number) => void): Promise<void> {
    await this.#bootloader.select(flashSetting);
    const timeoutMs = programTimeoutMs(this.chip, this.#bootloader.transferSizeBytes);
    await this.#bootloader.write(address, bytes, { timeoutMs, ...(onBlock && { onBlock }) });
  }

  readOptions(): Promise<OptionValues> {
    const windows = this.chip.romBootloader.optionMemory?.windows ?? [];
    return readOptionWindows(this.chip, windows, async ({ addressStart, length, alternate }) => {
      await this.#bootloader.select(alternate);
      return this.#bootloader.read(addressStart, length);
    });
  }

  async writeOptions(values: OptionValues): Promise<void> {
    refuseUnreachable(this.chip, { values, reachable: await this.readOptions(), way: this.way });
    const timeoutMs = optionTimeoutMs(this.chip);
    for (const window of windowsInOrder(this.chip)) {
      await this.#bootloader.select(window.alternate);
      const bytes = await this.#bootloader.read(window.addressStart, window.length);
      const change = changeOfWindow(this.chip, { window, bytes, values });
      if (change === undefined) continue;
      await this.#bootloader.writeOptions(change.address, change.bytes, { timeoutMs });
      await this.#reopen();
    }
  }

  async protect(): Promise<void> {
    const { field, level1 } = this.chip.readoutProtection;
    const before = await this.readOptions();
    await this.writeOptions(withOptionField(this.chip, before, { name: field, value: level1 }));
  }

  async unprotect(): Promise<void> {
    await this.#bootloader.readUnprotect({ timeoutMs: unprotectTimeoutMs(this.chip) });
    await this.#reopen();
  }

  async start(address: number): Promise<void> {
    await this.#bootloader.select(flashSetting);
    await this.#bootloader.leave(address);
  }

  async boot(address: number): Promise<void> {
    await this.start(address);
    await this.close().catch(() => undefined); // the device has left the bus
  }

  close(): Promise<void> {
    return this.#bootloader.close();
  }
}
