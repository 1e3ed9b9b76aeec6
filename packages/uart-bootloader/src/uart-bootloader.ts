// The UART bootloader in an STM32's ROM, as its client meets it: memory in ranges instead of blocks,
// erases in runs, each command repeated where that is safe. AN3155. Which addresses and units a chip has,
// and how long they take, is the caller's.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { erase } from './commands/erase.ts';
import { type EraseTarget, extendedErase } from './commands/extended-erase.ts';
import { type BootloaderCommands, get } from './commands/get.ts';
import { getId } from './commands/get-id.ts';
import { getVersion } from './commands/get-version.ts';
import { go } from './commands/go.ts';
import { mostReadBytes, readMemory } from './commands/read-memory.ts';
import { readoutProtect } from './commands/readout-protect.ts';
import { readoutUnprotect } from './commands/readout-unprotect.ts';
import {
  extendedSpecial,
  mostExtendedBytes,
  mostSpecialBytes,
  type SpecialAnswer,
  special,
} from './commands/special.ts';
import { writeMemory } from './commands/write-memory.ts';
import { writeProtect } from './commands/write-protect.ts';
import { writeUnprotect } from './commands/write-unprotect.ts';
import { type UartQuirks, uartQuirks } from './quirks.ts';
import { isSpoiled, Session, type SessionOptions } from './session.ts';

const commandNames: Readonly<Record<number, string>> = {
  17: 'Read Memory',
  33: 'Go',
  49: 'Write Memory',
  67: 'Erase Memory',
  68: 'Extended Erase',
  80: 'Special Command',
  81: 'Extended Special Command',
  99: 'Write Protect',
  115: 'Write Unprotect',
  130: 'Readout Protect',
  146: 'Readout Unprotect',
};

/**
 * Units of one erase command: few enough for the bootloader's RAM, and for a deadline that means
 * something.
 */
const mostErasedAtOnce = 64;
/** A quiet moment after the last block of a read, in which a doubled answer would show itself. */
const endOfReadMs = 5;

export class UartBootloader {
  readonly #session: Session;
  readonly #commands: BootloaderCommands;
  readonly productId: number;
  #quirks: UartQuirks;

  private constructor(session: Session, commands: BootloaderCommands, productId: number) {
    this.#session = session;
    this.#commands = commands;
    this.productId = productId;
    this.#quirks = uartQuirks(productId, undefined);
  }

  /** Synchronizes and asks what the bootloader is. Throws `bootloader-silent` and the faults of a session. */
  static async connect(options: SessionOptions): Promise<UartBootloader> {
    const session = new Session(options);
    await session.synchronize();
    const commands = await session.attempt(() => get(session));
    const productId = await session.attempt(() => getId(session));
    return new UartBootloader(session, commands, productId);
  }

  /** 0x31 = protocol 3.1. */
  get protocolVersion(): number {
    return this.#commands.protocolVersion;
  }

  /** Codes of the commands that it has, as Get listed them. */
  get commands(): readonly number[] {
    return this.#commands.commands;
  }

  get quirks(): UartQuirks {
    return this.#quirks;
  }

  /**
   * The byte that names the bootloader's version (AN2606): from then on only the quirks of that version
   * are heeded.
   */
  setVersion(version: number): void {
    this.#quirks = uartQuirks(this.productId, version);
  }

  #demand(code: number): void {
    if (!this.commands.includes(code))
      throw new Fault('bootloader-command-missing', { command: commandNames[code]! });
  }

  getVersion(): Promise<number> {
    return this.#session.attempt(() => getVersion(this.#session));
  }

  /**
   * Reads any length; throws `bootloader-refused` at an address that is not served, or under readout
   * protection. `onBlock` gets each block and its offset once it is certain, and ends the read early by
   * returning false.
   */
  async read(
    address: number,
    lengthBytes: number,
    onBlock: (block: Bytes, offset: number) => boolean = () => true,
  ): Promise<Bytes> {
    this.#demand(0x11);
    const whole = new Uint8Array(lengthBytes);
    for (let offset = 0; offset < lengthBytes; offset += mostReadBytes) {
      const length = Math.min(mostReadBytes, lengthBytes - offset);
      const isLast = offset + length === lengthBytes;
      const block = await this.#session.attempt(() => this.#readBlock(address + offset, length, isLast));
      whole.set(block, offset);
      if (!onBlock(block, offset)) return whole.slice(0, offset + length);
    }
    return whole;
  }

  async #readBlock(address: number, length: number, isLast: boolean): Promise<Bytes> {
    const block = await readMemory(this.#session, address, length);
    if (!(await this.#session.ended(isLast ? endOfReadMs : 0)))
      throw new Fault('bootloader-answer-malformed', {
        command: 'Read Memory',
        problem: 'bytes followed the answer',
      });
    return block;
  }

  /**
   * Writes whole blocks: `address` a multiple of the chip's write alignment, the length of 4. `timeoutMs`
   * is the longest time for a block of 256 bytes. When the line spoiled the answer to a block, memory is
   * read: a second program of a word would break its error correcting code on some parts. Throws
   * `bootloader-write-uncertain` when it is neither old nor new.
   */
  async write(
    address: number,
    bytes: Uint8Array,
    { timeoutMs, onBlock = () => {} }: { timeoutMs: number; onBlock?: (endOffset: number) => void },
  ): Promise<void> {
    this.#demand(0x31);
    const { mostWriteBytes, writeAlignmentBytes } = this.#quirks;
    if (address % writeAlignmentBytes !== 0 || bytes.length % 4 !== 0)
      throw new RangeError(`a write of ${bytes.length} bytes at ${address} is not aligned`);
    for (let offset = 0; offset < bytes.length; offset += mostWriteBytes) {
      const block = bytes.subarray(offset, offset + mostWriteBytes);
      await this.#writeBlock(address + offset, block, timeoutMs);
      onBlock(offset + block.length);
    }
  }

  async #writeBlock(address: number, bytes: Uint8Array, timeoutMs: number): Promise<void> {
    const before = await this.#sendBlock(address, bytes, timeoutMs);
    if (before === 'done') return;
    const found = await this.read(address, bytes.length);
    if (equalBytes(found, bytes)) return;
    if (!found.every((byte) => byte === 0xff))
      throw new Fault('bootloader-write-uncertain', { address: `0x${address.toString(16)}` });
    if ((await this.#sendBlock(address, bytes, timeoutMs)) !== 'done')
      throw new Fault('bootloader-write-uncertain', { address: `0x${address.toString(16)}` });
  }

  async #sendBlock(address: number, bytes: Uint8Array, timeoutMs: number): Promise<'done' | 'uncertain'> {
    try {
      await this.#session.attempt(() => writeMemory(this.#session, { address, bytes, timeoutMs }), {
        redo: false,
      });
      return 'done';
    } catch (error) {
      if (isSpoiled(error)) return 'uncertain';
      throw error;
    }
  }

  /** Writes up to 256 bytes of option bytes, after which the chip resets: `reconnect` next. Sent once. */
  async writeOptions(
    address: number,
    bytes: Uint8Array,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<void> {
    this.#demand(0x31);
    await this.#session.attempt(() => writeMemory(this.#session, { address, bytes, timeoutMs }), {
      redo: false,
    });
  }

  /**
   * Erases units by their numbers over all banks, a bank, or all. `timeoutMs` says how long so many units
   * may take. The bootloader acknowledges an erase that the flash refused.
   */
  async erase(
    target: EraseTarget,
    {
      timeoutMs,
      onErased = () => {},
    }: { timeoutMs: (units: number) => number; onErased?: (units: number) => void },
  ): Promise<void> {
    if (typeof target === 'string') return this.#eraseRun(target, timeoutMs(Number.POSITIVE_INFINITY));
    const atOnce = this.#quirks.eraseOneAtATime ? 1 : mostErasedAtOnce;
    for (let first = 0; first < target.length; first += atOnce) {
      const run = target.slice(first, first + atOnce);
      await this.#eraseRun(run, timeoutMs(run.length));
      onErased(first + run.length);
    }
  }

  #eraseRun(target: EraseTarget, timeoutMs: number): Promise<void> {
    const session = this.#session;
    if (this.commands.includes(0x44))
      return session.attempt(() => extendedErase(session, { target, timeoutMs }));
    this.#demand(0x43);
    if (target === 'bank1' || target === 'bank2')
      throw new Fault('bootloader-command-missing', { command: 'Extended Erase' });
    return session.attempt(() => erase(session, { pages: target, timeoutMs }));
  }

  /** Starts a program. The bootloader is gone then. */
  async go(address: number): Promise<void> {
    this.#demand(0x21);
    const firstAcknowledgementLost = this.#quirks.goFirstAcknowledgementLost;
    const run = () => go(this.#session, { address, firstAcknowledgementLost });
    await this.#session.attempt(run, { redo: false });
  }

  /** Protects exactly these sectors against writing. The chip resets: `reconnect` next. */
  async writeProtect(sectors: readonly number[], { timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#demand(0x63);
    const run = () => writeProtect(this.#session, { sectors, timeoutMs });
    await this.#session.attempt(run, { redo: false });
  }

  /** Lets go of all sectors. The chip resets: `reconnect` next. */
  async writeUnprotect({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#demand(0x73);
    await this.#session.attempt(() => writeUnprotect(this.#session, { timeoutMs }), { redo: false });
  }

  /** Readout level 1. The chip resets: `reconnect` next. */
  async readoutProtect({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#demand(0x82);
    await this.#session.attempt(() => readoutProtect(this.#session, { timeoutMs }), { redo: false });
  }

  /** Readout level 0; erases the flash. The chip resets: `reconnect` next. */
  async readoutUnprotect({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#demand(0x92);
    await this.#session.attempt(() => readoutUnprotect(this.#session, { timeoutMs }), { redo: false });
  }

  /** Operation of the part with at most 128 bytes. Throws `bootloader-command-missing` on parts without. */
  special(operation: number, data: Uint8Array): Promise<SpecialAnswer> {
    this.#demand(0x50);
    if (data.length > mostSpecialBytes) throw new RangeError(`${data.length} bytes for a special command`);
    return this.#session.attempt(() => special(this.#session, { operation, data }), { redo: false });
  }

  /** Operation of the part with two blocks, of at most 128 and 1,024 bytes. */
  extendedSpecial(operation: number, data: Uint8Array, second: Uint8Array): Promise<SpecialAnswer> {
    this.#demand(0x51);
    if (data.length > mostSpecialBytes || second.length > mostExtendedBytes)
      throw new RangeError(`${data.length} and ${second.length} bytes for an extended special command`);
    const run = () => extendedSpecial(this.#session, { operation, data, second });
    return this.#session.attempt(run, { redo: false });
  }

  /**
   * After a reset of the chip, and whenever client and bootloader may be out of step. Throws
   * `bootloader-silent`.
   */
  async reconnect(): Promise<void> {
    await this.#session.synchronize();
    const productId = await this.#session.attempt(() => getId(this.#session));
    if (productId !== this.productId)
      throw new Fault('bootloader-changed', { before: hex(this.productId), after: hex(productId) });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

const hex = (value: number): string => `0x${value.toString(16)}`;
