// The UART bootloader in system memory, as AN3155 describes it: synchronisation by 0x7F, commands as byte and
// complement, payloads closed by their XOR. Framing only; what a command does is the RomTarget's, special
// commands are special-commands.ts, the rate is baud-detection.ts, parity belongs to the line. Not
// modelled, as no chip of the catalogue offers them: Speed (0x03), checksum (0xA1). The bootloader waits
// for the rest of a command without end.

import type { Receiving } from './receiving.ts';
import type { RomTarget } from './rom-target.ts';
import { type SpecialCommands, specialCodes, specialCommand } from './special-commands.ts';

const ack = 0x79;
const nack = 0x1f;
const syncByte = 0x7f;

export interface UartBootloaderOptions {
  /** Version as Get answers it, 0x31 for 3.1. */
  readonly version: number;
  /** Command codes in the order of the Get answer (AN3155 section 3.1). */
  readonly commands: readonly number[];
  readonly send: (bytes: Uint8Array) => void;
  /** What 0x50 and 0x51 do, where `commands` lists them. */
  readonly special?: SpecialCommands;
  /** The synchronisation byte came: this is the interface that the host uses. */
  readonly onSelected: () => void;
}

const xorOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ byte, 0);
const u32be = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

/**
 * One session, from reset until `go`, a reset or loss of power, which leave by the exceptions of signals.ts.
 */
export class UartBootloader {
  readonly #target: RomTarget;
  readonly #options: UartBootloaderOptions;
  readonly #handlers: ReadonlyMap<number, () => Receiving<void>>;
  readonly #session: Receiving<never>;

  constructor(target: RomTarget, options: UartBootloaderOptions) {
    this.#target = target;
    this.#options = options;
    this.#handlers = new Map<number, () => Receiving<void>>([
      [0x00, () => this.#get()],
      [0x01, () => this.#getVersion()],
      [0x02, () => this.#getId()],
      [0x11, () => this.#readMemory()],
      [0x21, () => this.#go()],
      [0x31, () => this.#writeMemory()],
      [0x43, () => this.#erase()],
      [0x44, () => this.#extendedErase()],
      [0x63, () => this.#writeProtect()],
      [0x73, () => this.#writeUnprotect()],
      [0x82, () => this.#readoutProtect()],
      [0x92, () => this.#readoutUnprotect()],
      ...specialCodes.map((code) => [code, () => this.#special(code)] as const),
    ]);
    this.#session = this.#run();
    this.#session.next();
  }

  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#session.next(byte);
  }

  *#run(): Receiving<never> {
    while ((yield) !== syncByte);
    this.#options.onSelected();
    this.#send(ack);
    for (;;) yield* this.#command();
  }

  *#take(count: number): Receiving<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = yield;
    return bytes;
  }

  *#command(): Receiving<void> {
    const code = yield;
    const complement = yield;
    const handler = this.#options.commands.includes(code) ? this.#handlers.get(code) : undefined;
    if ((code ^ complement) !== 0xff || handler === undefined) return this.#send(nack);
    yield* handler();
  }

  #send(...bytes: number[]): void {
    this.#options.send(Uint8Array.from(bytes));
  }

  /**
   * ACK and go on, or NACK: with readout protection only Get, Get Version, Get ID and
   * Readout Unprotect answer.
   */
  #admit(): boolean {
    const admitted = !this.#target.isReadProtected();
    this.#send(admitted ? ack : nack);
    return admitted;
  }

  /** Section 3.1: count of what follows less one (version and codes), version, codes. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#get(): Receiving<void> {
    const { version, commands } = this.#options;
    this.#send(ack, commands.length, version, ...commands, ack);
  }

  /** Section 3.2: version and two option bytes that are always 0. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#getVersion(): Receiving<void> {
    this.#send(ack, this.#options.version, 0, 0, ack);
  }

  /** Section 3.3: product id, most significant byte first. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#getId(): Receiving<void> {
    const { productId } = this.#target;
    this.#send(ack, 1, productId >>> 8, productId & 0xff, ack);
  }

  /** Address (4 bytes, most significant first) and its XOR; undefined when that does not hold. */
  *#address(): Receiving<number | undefined> {
    const bytes = yield* this.#take(5);
    return xorOf(bytes) === 0 ? u32be(bytes) : undefined;
  }

  /** Section 3.4. The length comes as N - 1 with its complement. */
  *#readMemory(): Receiving<void> {
    if (!this.#admit()) return;
    const address = yield* this.#address();
    if (address === undefined || this.#target.readableBytes(address, 1) === 0) return this.#send(nack);
    this.#send(ack);
    const [count, complement] = yield* this.#take(2);
    if ((count! ^ complement!) !== 0xff) return this.#send(nack);
    const bytes = this.#target.read(address, count! + 1);
    if (bytes === undefined) return this.#send(nack);
    this.#send(ack, ...bytes);
  }

  /** Section 3.5. */
  *#go(): Receiving<void> {
    if (!this.#admit()) return;
    const address = yield* this.#address();
    if (address === undefined || !this.#target.canGo(address)) return this.#send(nack);
    this.#send(ack);
    this.#target.go(address);
  }

  /** Section 3.6: the address is checked before the data is taken; option bytes end in a reset. */
  *#writeMemory(): Receiving<void> {
    if (!this.#admit()) return;
    const address = yield* this.#address();
    if (address === undefined || !this.#target.canWrite(address, 1)) return this.#send(nack);
    this.#send(ack);
    const count = yield;
    const data = yield* this.#take(count + 1);
    const checksum = yield;
    if ((xorOf(data) ^ count) !== checksum || !this.#target.canWrite(address, data.length))
      return this.#send(nack);
    const outcome = this.#target.write(address, data);
    this.#send(ack);
    if (outcome === 'reset-due') this.#target.reset();
  }

  /** Section 3.7: one-byte numbers; FF with its complement erases everything. */
  *#erase(): Receiving<void> {
    if (!this.#admit()) return;
    const count = yield;
    if (count === 0xff) {
      if ((yield) !== 0x00) return this.#send(nack);
      this.#target.massErase('all');
      return this.#send(ack);
    }
    const units = yield* this.#take(count + 1);
    const checksum = yield;
    if ((xorOf(units) ^ count) !== checksum) return this.#send(nack);
    this.#eraseUnits([...units]);
  }

  /** Section 3.8: two-byte numbers, most significant first; FFFF everything, FFFE bank 1, FFFD bank 2. */
  *#extendedErase(): Receiving<void> {
    if (!this.#admit()) return;
    const head = yield* this.#take(2);
    const count = (head[0]! << 8) | head[1]!;
    if (count >= 0xfff0) {
      const checksum = yield;
      const which = ({ 65535: 'all', 65534: 'bank1', 65533: 'bank2' } as const)[count];
      if (xorOf(head) !== checksum || which === undefined) return this.#send(nack);
      this.#target.massErase(which);
      return this.#send(ack);
    }
    const list = yield* this.#take(2 * (count + 1));
    const checksum = yield;
    if ((xorOf(head) ^ xorOf(list)) !== checksum) return this.#send(nack);
    this.#eraseUnits(Array.from({ length: count + 1 }, (_, i) => (list[2 * i]! << 8) | list[2 * i + 1]!));
  }

  /**
   * A number that does not exist is refused before anything is erased; what the flash
   * refused is acknowledged.
   */
  #eraseUnits(units: readonly number[]): void {
    const known = units.every((unit) => this.#target.hasEraseUnit(unit));
    if (known) this.#target.erase(units);
    this.#send(known ? ack : nack);
  }

  /**
   * Section 3.9: numbers of sectors; the protection of others ends. Numbers that do
   * not exist are passed over.
   */
  *#writeProtect(): Receiving<void> {
    if (!this.#admit()) return;
    const count = yield;
    const units = yield* this.#take(count + 1);
    const checksum = yield;
    if ((xorOf(units) ^ count) !== checksum) return this.#send(nack);
    this.#target.setWriteProtection([...units]);
    this.#send(ack);
    this.#target.reset();
  }

  /** Section 3.10: acknowledged twice, before and after. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#writeUnprotect(): Receiving<void> {
    if (!this.#admit()) return;
    this.#target.setWriteProtection([]);
    this.#send(ack);
    this.#target.reset();
  }

  /** Section 3.11. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#readoutProtect(): Receiving<void> {
    if (!this.#admit()) return;
    this.#target.protectReadout();
    this.#send(ack);
    this.#target.reset();
  }

  *#special(code: number): Receiving<void> {
    const { special } = this.#options;
    if (special === undefined) return this.#send(nack);
    if (!this.#admit()) return;
    yield* specialCommand(code, special, {
      take: (count) => this.#take(count),
      acknowledge: (accepted) => this.#send(accepted ? ack : nack),
      send: (bytes) => this.#options.send(bytes),
    });
  }

  /** Section 3.12: the one writing command that answers under readout protection; it erases the flash. */
  // biome-ignore lint/correctness/useYield: takes no parameters
  *#readoutUnprotect(): Receiving<void> {
    this.#send(ack);
    this.#target.unprotectReadout();
    this.#send(ack);
    this.#target.reset();
  }
}
