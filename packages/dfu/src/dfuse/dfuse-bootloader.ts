// The DfuSe bootloader in an STM32's ROM, as its client meets it: memory in ranges instead of blocks,
// erases, protection. AN3156. Which addresses a chip has and how long its flash takes is the caller's.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Clock } from '@firmseal/link';
import type { UsbDevice } from '@firmseal/usb-device';
import { leftTheBus } from '../control.ts';
import { type OpenDfu, openDfu, selectAlternate } from '../dfu-interface.ts';
import { type MemoryLayout, readMemoryLayout } from '../memory-layout.ts';
import { type DfuseQuirks, dfuseQuirks } from '../quirks.ts';
import { clearStatus } from '../requests/clear-status.ts';
import { download } from '../requests/download.ts';
import { getStatus } from '../requests/get-status.ts';
import { upload } from '../requests/upload.ts';
import { settle, toIdle } from '../settle.ts';
import { refuse } from './command.ts';
import { erasePage, massErase } from './erase.ts';
import { getCommands } from './get-commands.ts';
import { leave } from './leave.ts';
import { readUnprotect } from './read-unprotect.ts';
import { setAddress } from './set-address.ts';

export interface DfuseOptions {
  readonly device: UsbDevice;
  readonly clock: Clock;
  /** Id of the chip in the catalogue; without it the usual behaviour is taken. */
  readonly chip?: string;
}

/** Data blocks count from 2; their number has 16 bits. */
const [firstBlock, lastBlock] = [2, 0xffff];
/** What some ROMs take at most, whatever they announce. */
const safeTransferBytes = 1024;

export class DfuseBootloader {
  readonly #dfu: OpenDfu;
  readonly #quirks: DfuseQuirks;
  #transferBytes: number;
  #alternate = 0;

  private constructor(dfu: OpenDfu, quirks: DfuseQuirks) {
    this.#dfu = dfu;
    this.#quirks = quirks;
    this.#transferBytes = dfu.functional.transferSizeBytes;
  }

  /**
   * Opens the device and brings it to dfuIDLE. Throws the faults of openDfu, and `dfu-not-dfuse` for
   * plain DFU.
   */
  static async open({ device, clock, chip = '' }: DfuseOptions): Promise<DfuseBootloader> {
    const dfu = await openDfu(device, { clock });
    if (dfu.functional.dfuVersion !== 0x011a) throw new Fault('dfu-not-dfuse');
    await toIdle(dfu.control);
    return new DfuseBootloader(dfu, dfuseQuirks(chip));
  }

  /**
   * Of each alternate setting by its number; undefined where its name is no layout. G0 names the flash in
   * all of them.
   */
  get layouts(): readonly (MemoryLayout | undefined)[] {
    return this.#dfu.alternates.map(({ interfaceName }) => readMemoryLayout(interfaceName ?? ''));
  }

  /** Of each alternate setting by its number, as the device spells them. */
  get settingNames(): readonly string[] {
    return this.#dfu.alternates.map(({ interfaceName }) => interfaceName ?? '');
  }

  get transferSizeBytes(): number {
    return this.#dfu.functional.transferSizeBytes;
  }

  async commands(): Promise<readonly number[]> {
    await toIdle(this.#dfu.control);
    return getCommands(this.#dfu.control);
  }

  /** The memory that reads and writes go to: 0 flash, 1 option bytes on the chips of the catalogue. */
  async select(alternate: number): Promise<void> {
    if (alternate === this.#alternate) return;
    await toIdle(this.#dfu.control);
    await selectAlternate(this.#dfu.control, alternate);
    this.#alternate = alternate;
  }

  /**
   * Reads any length. Throws `dfu-read-protected`, `dfu-address-refused`, and `dfu-short-read` where
   * memory ends early. `onBlock` gets each block, and ends the read early by returning false.
   */
  async read(
    address: number,
    lengthBytes: number,
    onBlock: (block: Bytes, offset: number) => boolean = () => true,
  ): Promise<Bytes> {
    const { control } = this.#dfu;
    const size = this.transferSizeBytes;
    const whole = new Uint8Array(lengthBytes);
    let end = 0;
    for (let block = lastBlock + 1; end < lengthBytes; block++) {
      if (block > lastBlock) {
        await toIdle(control);
        await setAddress(control, address + end);
        await toIdle(control); // from dfuDNLOAD-IDLE: an upload begins in dfuIDLE
        block = firstBlock;
      }
      const length = Math.min(size, lengthBytes - end);
      const bytes = await upload(control, block, length);
      if (bytes === undefined) return refuse(control, 'Read Memory', await getStatus(control));
      if (bytes.length < length)
        throw new Fault('dfu-short-read', { address: `0x${(address + end + bytes.length).toString(16)}` });
      whole.set(bytes, end);
      const offset = end;
      end += length;
      if (!onBlock(bytes, offset)) break;
    }
    await toIdle(control);
    return whole.slice(0, end);
  }

  /**
   * Writes: `address` and length multiples of the chip's write unit. `timeoutMs` is the longest time for
   * a block. That the flash refused it is not answered. Throws `dfu-read-protected`,
   * `dfu-address-refused`, `dfu-failed`.
   */
  async write(
    address: number,
    bytes: Uint8Array,
    { timeoutMs, onBlock = () => {} }: { timeoutMs: number; onBlock?: (endOffset: number) => void },
  ): Promise<void> {
    const { control } = this.#dfu;
    const { writeAlignmentBytes } = this.#quirks;
    if (address % writeAlignmentBytes !== 0 || bytes.length % writeAlignmentBytes !== 0)
      throw new RangeError(`a write of ${bytes.length} bytes at ${address} is not aligned`);
    await toIdle(control);
    let end = 0;
    for (let block = lastBlock + 1; end < bytes.length; block++) {
      const size = this.#transferBytes;
      // The device multiplies by the size that it announced, so smaller blocks each get an address of
      // their own.
      if (block > lastBlock || size !== this.transferSizeBytes) {
        await setAddress(control, address + end);
        block = firstBlock;
      }
      const data = concatBytes(bytes.subarray(end, end + size));
      if (!(await download(control, block, data))) {
        const status = await getStatus(control);
        if (status.status !== 'errSTALLEDPKT' || data.length <= safeTransferBytes)
          return refuse(control, 'Write Memory', status);
        await clearStatus(control);
        this.#transferBytes = safeTransferBytes;
        continue;
      }
      const status = await settle(control, timeoutMs);
      if (status.state !== 'dfuDNLOAD-IDLE') return refuse(control, 'Write Memory', status);
      end += data.length;
      onBlock(end);
    }
    await toIdle(control);
  }

  /**
   * Writes option bytes, after which the chip resets and leaves the bus; resolves when it did. At most
   * one block.
   */
  async writeOptions(address: number, bytes: Bytes, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    const { control } = this.#dfu;
    await toIdle(control);
    await setAddress(control, address);
    if (!(await download(control, firstBlock, bytes)))
      return refuse(control, 'Write Memory', await getStatus(control));
    try {
      const status = await settle(control, timeoutMs);
      if (status.state !== 'dfuDNLOAD-IDLE') return refuse(control, 'Write Memory', status);
    } catch (error) {
      if (!leftTheBus(error)) throw error;
    }
  }

  /** Erases the page or sector that holds the address. That write protection stopped it is not answered. */
  async erasePage(address: number, { timeoutMs }: { timeoutMs: number }): Promise<void> {
    const { control } = this.#dfu;
    try {
      await erasePage(control, address, timeoutMs);
    } catch (error) {
      const stuck = error instanceof Fault && error.code === 'dfu-busy';
      if (!stuck || !this.#quirks.clearsBusyByClrstatusTwice) throw error;
      await clearStatus(control);
      await clearStatus(control);
      await toIdle(control);
    }
  }

  async massErase({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    await massErase(this.#dfu.control, timeoutMs);
  }

  /** Readout level 0; erases the flash. The chip resets and leaves the bus; resolves when it did. */
  async readUnprotect({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    await toIdle(this.#dfu.control);
    await readUnprotect(this.#dfu.control, timeoutMs);
  }

  /** Starts the program whose vector table is at the address. The device leaves the bus. */
  async leave(address: number): Promise<void> {
    await toIdle(this.#dfu.control);
    await leave(this.#dfu.control, address);
  }

  close(): Promise<void> {
    return this.#dfu.control.device.close();
  }
}
