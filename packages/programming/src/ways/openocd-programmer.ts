// Programs a chip through OpenOCD, whichever probe it holds: flash by OpenOCD's own loaders, option bytes
// by our sequences of registers. OpenOCD was started for this chip.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, type EraseUnit, type OptionValues, withOptionField } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Segment } from '@firmseal/image';
import type { Clock } from '@firmseal/link';
import { Openocd, type OpenocdOptions } from '@firmseal/openocd';
import type { ChipIdentity, ChipProgrammer } from '../chip-programmer.ts';
import { eraseTimeoutMs, massEraseTimeoutMs, programTimeoutMs, unprotectTimeoutMs } from '../deadlines.ts';
import { checkIdentity, flashSizeOf, protectionOf } from '../identity.ts';
import { refuseUnreachable } from '../reachable.ts';
import { programOptionRegisters, readOptionRegisters } from '../registers/option-sequence.ts';

/** Connects, resets the chip and stops it. Throws `openocd-not-there`, `openocd-no-target`. */
export async function openOpenocdProgrammer(
  options: OpenocdOptions & { readonly chip: Chip },
): Promise<ChipProgrammer> {
  const openocd = await Openocd.connect(options);
  await openocd.setPolling(true);
  await openocd.resetHalt();
  return new OpenocdProgrammer(options.chip, options.clock, openocd);
}

/**
 * Bytes of the first and of the longest transfer of a read, each four times the one before: a look that ends
 * at the first byte takes no longer than it must.
 */
const readBlockBytes = { first: 256, most: 16 * 1024 } as const;
/** Bytes of one file of a write: each starts OpenOCD's loader once more. */
const writeBlockBytes = 1024 * 1024;
/** What OpenOCD itself may take for a command on the flash, on a machine with other work. */
const openocdMs = 60_000;

const isMemoryRefused = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'openocd-memory-refused';

/**
 * FLASH_ACR and its bit PROGEMPTY (RM0444 3.7.1): set where flash was empty when the option bytes were
 * loaded, and kept over a reset. While it is set, a reset leads to the ROM bootloader.
 */
const emptyFlags: Readonly<Record<string, { readonly register: number; readonly mask: number }>> = {
  stm32g0b1: { register: 0x4002_2000, mask: 1 << 16 },
};

/** Runs of units that follow each other in one bank. */
function runsOf(units: readonly EraseUnit[]): EraseUnit[][] {
  const runs: EraseUnit[][] = [];
  for (const unit of units) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.index + 1 === unit.index && last.bank === unit.bank)
      runs.at(-1)!.push(unit);
    else runs.push([unit]);
  }
  return runs;
}

class OpenocdProgrammer implements ChipProgrammer {
  readonly chip: Chip;
  readonly way = 'probe';
  readonly #clock: Clock;
  readonly #openocd: Openocd;

  constructor(chip: Chip, clock: Clock, openocd: Openocd) {
    this.chip = chip;
    this.#clock = clock;
    this.#openocd = openocd;
  }

  async identify(): Promise<ChipIdentity> {
    const { identity } = this.chip;
    const idCode = await this.#openocd.readWord(identity.deviceIdRegister);
    const [deviceId, revision] = [idCode & 0xfff, idCode >>> 16];
    checkIdentity(this.chip, { deviceId, readProtected: false });
    const flashSizeBytes = flashSizeOf(await this.#openocd.read(identity.flashSizeAddress, 2));
    const uniqueId = await this.#openocd.read(identity.uniqueIdAddress, identity.uniqueIdLength);
    const protection = protectionOf(this.chip, await this.readOptions());
    return checkIdentity(this.chip, { deviceId, revision, flashSizeBytes, uniqueId, ...protection });
  }

  async read(
    address: number,
    lengthBytes: number,
    onBlock: (block: Uint8Array, offset: number) => boolean = () => true,
  ): Promise<Bytes> {
    const whole = new Uint8Array(lengthBytes);
    let most: number = readBlockBytes.first;
    for (let offset = 0, length = 0; offset < lengthBytes; offset += length) {
      length = Math.min(most, lengthBytes - offset);
      most = Math.min(readBlockBytes.most, 4 * most);
      const block = await this.#openocd.read(address + offset, length);
      whole.set(block, offset);
      if (!onBlock(block, offset)) return whole.slice(0, offset + length);
    }
    return whole;
  }

  async eraseUnits(units: readonly EraseUnit[], onErased: (units: number) => void = () => {}): Promise<void> {
    let erased = 0;
    for (const run of runsOf(units)) {
      const lengthBytes = run.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const timeoutMs = openocdMs + eraseTimeoutMs(this.chip, run);
      await this.#openocd.eraseFlash(run[0]!.addressStart, lengthBytes, { timeoutMs });
      erased += run.length;
      onErased(erased);
    }
  }

  async eraseAll(): Promise<void> {
    for (const { addressStart, length } of this.chip.flash.banks) {
      const timeoutMs = massEraseTimeoutMs(this.chip) + eraseTimeoutMs(this.chip, this.chip.flash.eraseUnits);
      await this.#openocd.eraseFlash(addressStart, length, { timeoutMs });
    }
  }

  async write(
    address: number,
    bytes: Uint8Array,
    onBlock: (bytes: number) => void = () => {},
  ): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += writeBlockBytes) {
      const block = bytes.subarray(offset, offset + writeBlockBytes);
      // On top of the flash: the file, and the loader's way over a slow probe (10 KiB a second).
      const timeoutMs = openocdMs + block.length / 10 + programTimeoutMs(this.chip, block.length);
      await this.#openocd.writeFlash(address + offset, block, { timeoutMs });
      onBlock(offset + block.length);
    }
  }

  async holds(segments: readonly Segment[]): Promise<boolean> {
    const bytes = segments.reduce((sum, one) => sum + one.bytes.length, 0);
    return this.#openocd.holds(segments, { timeoutMs: openocdMs + bytes / 10 });
  }

  readOptions(): Promise<OptionValues> {
    return readOptionRegisters(this.chip, this.#openocd);
  }

  async writeOptions(values: OptionValues): Promise<void> {
    const reachable = new Map(this.chip.options.registers.map(({ id }) => [id, 0]));
    refuseUnreachable(this.chip, { values, reachable, way: this.way });
    const waiting = { clock: this.#clock, timeoutMs: unprotectTimeoutMs(this.chip) };
    await programOptionRegisters(this.chip, { port: this.#openocd, values, waiting });
    await this.#load();
  }

  /**
   * Option bytes take force by a reset on F4, H7 and H5; the others have a bit that loads them and resets
   * the chip.
   */
  async #load(): Promise<void> {
    const { kind, registerBase } = this.chip.flashController;
    const launch = ({ l4: 0x14, g0: 0x14, u5: 0x28 } as Readonly<Record<string, number>>)[kind];
    // The chip is gone in the middle of that write: that OpenOCD finds it so is no fault.
    if (launch !== undefined)
      await this.#openocd.writeWord(registerBase + launch, 1 << 27).catch((error: unknown) => {
        if (!isMemoryRefused(error)) throw error;
      });
    await this.#openocd.resetHalt();
  }

  async #setReadout(value: number): Promise<void> {
    const { field } = this.chip.readoutProtection;
    const before = await this.readOptions();
    await this.writeOptions(withOptionField(this.chip, before, { name: field, value }));
  }

  protect(): Promise<void> {
    return this.#setReadout(this.chip.readoutProtection.level1);
  }

  unprotect(): Promise<void> {
    return this.#setReadout(this.chip.readoutProtection.level0);
  }

  async start(address: number): Promise<void> {
    await this.#openocd.start(address);
  }

  async boot(): Promise<void> {
    const flag = emptyFlags[this.chip.id];
    if (flag !== undefined) {
      await this.#openocd.halt();
      const value = await this.#openocd.readWord(flag.register);
      await this.#openocd.writeWord(flag.register, value & ~flag.mask);
    }
    await this.#openocd.resetRun();
    await this.#openocd.setPolling(false);
    await this.#openocd.releaseCore();
    await this.close();
  }

  async close(): Promise<void> {
    await this.#openocd.close();
  }
}
