// Programs a chip through the UART bootloader in its ROM. Option bytes are memory there, and writing them
// resets the chip: BOOT0 must stay set, since the bootloader is looked for again after it.

import type { Bytes } from '@firmseal/bytes';
import type { Chip, EraseUnit, OptionValues } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type Clock, type SerialLine, sleep } from '@firmseal/link';
import { UartBootloader } from '@firmseal/uart-bootloader';
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

export interface UartProgrammerOptions {
  readonly chip: Chip;
  readonly stream: SerialLine;
  readonly clock: Clock;
  /** Of the line; the bootloader measures it. Default 115,200. */
  readonly baud?: number;
}

const blockBytes = 256;

/** Finds the bootloader on the line. Throws `bootloader-silent`. */
export async function openUartProgrammer(options: UartProgrammerOptions): Promise<ChipProgrammer> {
  const { chip, clock } = options;
  const bootloader = await UartBootloader.connect(options);
  return new UartProgrammer(chip, clock, bootloader);
}

const isRefused = (error: unknown): boolean => error instanceof Fault && error.code === 'bootloader-refused';

class UartProgrammer implements ChipProgrammer {
  readonly chip: Chip;
  readonly way = 'uart-bootloader';
  readonly #clock: Clock;
  readonly #bootloader: UartBootloader;

  constructor(chip: Chip, clock: Clock, bootloader: UartBootloader) {
    this.chip = chip;
    this.#clock = clock;
    this.#bootloader = bootloader;
  }

  async identify(): Promise<ChipIdentity> {
    const { identity, romBootloader } = this.chip;
    const deviceId = this.#bootloader.productId;
    checkIdentity(this.chip, { deviceId, readProtected: false });
    // The unique id is no flash: where it is refused, readout protection is why, and no broken word.
    const uniqueId = await this.#readIfServed(identity.uniqueIdAddress, identity.uniqueIdLength);
    if (uniqueId === undefined) return { deviceId, readProtected: true };
    const version = await this.#readIfServed(romBootloader.version.address, 1);
    const size = await this.#readIfServed(identity.flashSizeAddress, 2);
    if (version !== undefined) this.#bootloader.setVersion(version[0]!);
    const romInterface = this.#bootloader.commands.map((one) => `0x${one.toString(16).padStart(2, '0')}`);
    return checkIdentity(this.chip, {
      ...{ deviceId, uniqueId, romInterface, readProtected: false },
      ...(version && { bootloaderVersion: version[0]! }),
      ...(size && { flashSizeBytes: flashSizeOf(size) }),
    });
  }

  /** Undefined where the bootloader refuses: it does not serve every address of its own ROM. */
  async #readIfServed(address: number, lengthBytes: number): Promise<Bytes | undefined> {
    try {
      return await this.#bootloader.read(address, lengthBytes);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return undefined;
    }
  }

  read(
    address: number,
    lengthBytes: number,
    onBlock?: (block: Uint8Array, offset: number) => boolean,
  ): Promise<Bytes> {
    return this.#bootloader.read(address, lengthBytes, onBlock);
  }

  async eraseUnits(units: readonly EraseUnit[], onErased?: (units: number) => void): Promise<void> {
    const longest = units.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
    const timeoutMs = (count: number) =>
      eraseTimeoutMs(
        this.chip,
        Array.from({ length: count }, () => ({ sizeBytes: longest })),
      );
    await this.#bootloader.erase(
      units.map(({ index }) => index),
      { timeoutMs, ...(onErased && { onErased }) },
    );
    if (this.#bootloader.quirks.eraseAnswersEarly) await sleep(this.#clock, eraseTimeoutMs(this.chip, units));
  }

  async eraseAll(): Promise<void> {
    await this.#bootloader.erase('all', { timeoutMs: () => massEraseTimeoutMs(this.chip) });
  }

  async write(address: number, bytes: Uint8Array, onBlock?: (bytes: number) => void): Promise<void> {
    const timeoutMs = programTimeoutMs(this.chip, blockBytes);
    await this.#bootloader.write(address, bytes, { timeoutMs, ...(onBlock && { onBlock }) });
  }

  readOptions(): Promise<OptionValues> {
    const windows = this.chip.romBootloader.optionMemory?.windows ?? [];
    return readOptionWindows(this.chip, windows, ({ addressStart, length }) =>
      this.#bootloader.read(addressStart, length),
    );
  }

  async writeOptions(values: OptionValues): Promise<void> {
    refuseUnreachable(this.chip, { values, reachable: await this.readOptions(), way: this.way });
    const timeoutMs = optionTimeoutMs(this.chip);
    for (const window of windowsInOrder(this.chip)) {
      const bytes = await this.#bootloader.read(window.addressStart, window.length);
      const change = changeOfWindow(this.chip, { window, bytes, values });
      if (change === undefined) continue;
      await this.#bootloader.writeOptions(change.address, change.bytes, { timeoutMs });
      await this.#bootloader.reconnect();
    }
  }

  async protect(): Promise<void> {
    await this.#bootloader.readoutProtect({ timeoutMs: optionTimeoutMs(this.chip) });
    await this.#bootloader.reconnect();
  }

  async unprotect(): Promise<void> {
    await this.#bootloader.readoutUnprotect({ timeoutMs: unprotectTimeoutMs(this.chip) });
    await this.#bootloader.reconnect();
  }

  async start(address: number): Promise<void> {
    await this.#bootloader.go(address);
  }

  async boot(address: number): Promise<void> {
    await this.start(address);
    await this.close();
  }

  close(): Promise<void> {
    return this.#bootloader.close();
  }
}
