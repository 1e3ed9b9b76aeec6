// The UART bootloader in system memory, as AN3155 (Rev 15 and later) describes it: synchronisation by 0x7F, commands as
// byte and complement, payloads closed by their XOR. Framing only; what a command does is the RomTarget's.
// Baud detection and parity belong to the line that carries the bytes.

import { ByteQueue, LineEnded } from './byte-queue.ts';
import type { MassErase, RomTarget } from './rom-target.ts';

const ack = 0x79;
const nack = 0x1f;
const syncByte = 0x7f;

export interface UartBootloaderOptions {
  /** Version as Get answers it, 0x31 for 3.1. */
  readonly version: number;
  /** Command codes in the order of the Get answer (AN3155 section 3.1). */
  readonly commands: readonly number[];
  readonly send: (bytes: Uint8Array) => void;
}

const xorOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ byte, 0);
const u32be = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

/** One bootloader session, from reset until `go`, a reset or `end()`. */
export class UartBootloader {
  readonly #target: RomTarget;
  readonly #options: UartBootloaderOptions;
  readonly #queue = new ByteQueue();
  readonly #handlers: ReadonlyMap<number, () => Promise<void>>;
  /** Settles when the session ended. */
  readonly ended: Promise<void>;

  constructor(target: RomTarget, options: UartBootloaderOptions) {
    this.#target = target;
    this.#options = options;
    this.#handlers = new Map<number, () => Promise<void>>([
      [0x00, () => this.#get()],
      [0x01, () => this.#getVersion()],
      [0x02, () => this.#getId()],
      [0x11, () => this.#readMemory()],
      [0x21, () => this.#go()],
      [0x31, () => this.#writeMemory()],
      [0x43, () => this.#erase()],
      [0x44, () => this.#extendedErase()],
      [0x50, () => this.#special(128, false)],
      [0x51, () => this.#special(128, true)],
      [0x63, () => this.#writeProtect()],
      [0x73, () => this.#writeUnprotect()],
      [0x82, () => this.#readoutProtect()],
      [0x92, () => this.#readoutUnprotect()],
    ]);
    this.ended = this.#run().catch((reason: unknown) => {
      if (!(reason instanceof LineEnded)) throw reason;
    });
  }

  receive(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** The chip was reset or lost power. */
  end(): void {
    this.#queue.end();
  }

  async #run(): Promise<void> {
    while ((await this.#queue.next()) !== syncByte);
    this.#send(ack);
    for (;;) await this.#command();
  }

  async #command(): Promise<void> {
    const code = await this.#queue.next();
    const complement = await this.#queue.next();
    const known = this.#options.commands.includes(code);
    if ((code ^ complement) !== 0xff || !known) return this.#send(nack);
    const handler = this.#handlers.get(code);
    if (handler === undefined) return this.#send(nack);
    await handler();
  }

  #send(...bytes: number[]): void {
    this.#options.send(Uint8Array.from(bytes));
  }

  /** ACK and go on, or NACK: with readout protection only Get, Get Version, Get ID and Readout Unprotect answer. */
  #admit(): boolean {
    const admitted = !this.#target.isReadProtected();
    this.#send(admitted ? ack : nack);
    return admitted;
  }

  async #get(): Promise<void> {
    const { version, commands } = this.#options;
    this.#send(ack, commands.length, version, ...commands, ack);
  }

  async #getVersion(): Promise<void> {
    this.#send(ack, this.#options.version, 0, 0, ack);
  }

  async #getId(): Promise<void> {
    const { productId } = this.#target;
    this.#send(ack, 1, productId >>> 8, productId & 0xff, ack);
  }

  /** Address (4 bytes, most significant first) and its XOR; undefined after a wrong XOR was refused. */
  async #address(): Promise<number | undefined> {
    const bytes = await this.#queue.take(5);
    if (xorOf(bytes) === 0) return u32be(bytes);
    this.#send(nack);
    return undefined;
  }

  async #readMemory(): Promise<void> {
    if (!this.#admit()) return;
    const address = await this.#address();
    if (address === undefined) return;
    if (this.#target.read(address, 1) === undefined) return this.#send(nack);
    this.#send(ack);
    const [count, complement] = await this.#queue.take(2);
    const bytes = (count! ^ complement!) === 0xff ? this.#target.read(address, count! + 1) : undefined;
    if (bytes === undefined) return this.#send(nack);
    this.#send(ack, ...bytes);
  }

  async #go(): Promise<void> {
    if (!this.#admit()) return;
    const address = await this.#address();
    if (address === undefined) return;
    const started = this.#target.go(address);
    this.#send(started ? ack : nack);
    if (started) throw new LineEnded();
  }

  async #writeMemory(): Promise<void> {
    if (!this.#admit()) return;
    const address = await this.#address();
    if (address === undefined) return;
    // AN3155 section 3.6: the address is checked before the data is taken.
    if (this.#target.read(address, 1) === undefined) return this.#send(nack);
    this.#send(ack);
    const count = (await this.#queue.next()) + 1;
    const data = await this.#queue.take(count);
    const checksum = await this.#queue.next();
    if ((xorOf(data) ^ (count - 1)) !== checksum) return this.#send(nack);
    this.#send((await this.#target.write(address, data)) ? ack : nack);
  }

  /** 0x43: one-byte page numbers; 0xFF alone with its complement is a mass erase. */
  async #erase(): Promise<void> {
    if (!this.#admit()) return;
    const count = await this.#queue.next();
    if (count === 0xff) {
      const complement = await this.#queue.next();
      if (complement !== 0x00) return this.#send(nack);
      return this.#finishErase(await this.#target.massErase('all'));
    }
    const pages = await this.#queue.take(count + 1);
    const checksum = await this.#queue.next();
    if ((xorOf(pages) ^ count) !== checksum) return this.#send(nack);
    this.#finishErase(await this.#target.erase([...pages]));
  }

  /** 0x44: two-byte numbers, most significant first; FFFF all, FFFE bank 1, FFFD bank 2. */
  async #extendedErase(): Promise<void> {
    if (!this.#admit()) return;
    const head = await this.#queue.take(2);
    const count = (head[0]! << 8) | head[1]!;
    if (count >= 0xfff0) {
      const checksum = await this.#queue.next();
      const kinds: Record<number, MassErase> = { 65535: 'all', 65534: 'bank1', 65533: 'bank2' };
      const kind = kinds[count];
      if (xorOf(head) !== checksum || kind === undefined) return this.#send(nack);
      return this.#finishErase(await this.#target.massErase(kind));
    }
    const list = await this.#queue.take((count + 1) * 2);
    const checksum = await this.#queue.next();
    if ((xorOf(head) ^ xorOf(list)) !== checksum) return this.#send(nack);
    const units = Array.from({ length: count + 1 }, (_, i) => (list[2 * i]! << 8) | list[2 * i + 1]!);
    this.#finishErase(await this.#target.erase(units));
  }

  /** A number that does not exist is refused; an erase that the flash refused is acknowledged all the same. */
  #finishErase(accepted: boolean): void {
    this.#send(accepted ? ack : nack);
  }

  /**
   * 0x50 and 0x51 as framing (AN3155 sections 3.14, 3.15): no family here defines an operation code, so a well-formed
   * request is answered with an empty answer and the status 0.
   */
  async #special(maxBytes: number, extended: boolean): Promise<void> {
    if (!this.#admit()) return;
    const code = await this.#queue.take(3);
    if (xorOf(code) !== 0) return this.#send(nack);
    this.#send(ack);
    if (!(await this.#block(maxBytes))) return;
    if (extended && !(await this.#block(1024))) return;
    this.#send(...(extended ? [] : [0, 0]), 0, 1, 0, ack);
  }

  async #block(maxBytes: number): Promise<boolean> {
    const head = await this.#queue.take(2);
    const size = (head[0]! << 8) | head[1]!;
    if (size > maxBytes) {
      this.#send(nack);
      return false;
    }
    const data = await this.#queue.take(size + 1);
    const whole = (xorOf(head) ^ xorOf(data)) === 0;
    this.#send(whole ? ack : nack);
    return whole;
  }

  async #writeProtect(): Promise<void> {
    if (!this.#admit()) return;
    const count = await this.#queue.next();
    const units = await this.#queue.take(count + 1);
    const checksum = await this.#queue.next();
    if ((xorOf(units) ^ count) !== checksum) return this.#send(nack);
    this.#send(ack);
    await this.#target.setWriteProtection([...units]);
    throw new LineEnded();
  }

  async #writeUnprotect(): Promise<void> {
    if (!this.#admit()) return;
    await this.#target.setWriteProtection([]);
    this.#send(ack);
    throw new LineEnded();
  }

  async #readoutProtect(): Promise<void> {
    if (!this.#admit()) return;
    await this.#target.protectReadout();
    this.#send(ack);
    throw new LineEnded();
  }

  /** The one writing command that answers under readout protection: it erases the flash. */
  async #readoutUnprotect(): Promise<void> {
    this.#send(ack);
    await this.#target.unprotectReadout();
    this.#send(ack);
    throw new LineEnded();
  }
}
