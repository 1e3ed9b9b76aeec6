// An ST-LINK/V2 as a debugger sees it: 16-byte commands in, answers out, over a debug port. Facts of
// the command set come from public clients (OpenOCD's and stlink's behaviour); ST publishes none.
// Transport (TCP or USB) is elsewhere.

import type { Transfer } from '../debug/debug-port-registers.ts';
import type { ProbeTarget } from './probe-target.ts';
import { listBytes, runList, type WordAccess } from './stlink-words.ts';

const statusOk = 0x80;
const statusFault = 0x81;
const statusNotAttached = 0x09;

const mode = { dfu: 0, mass: 1, debug: 2 } as const;

const answer = (lengthBytes: number): DataView => new DataView(new ArrayBuffer(lengthBytes));
const bytesOfWord = (value: number): Uint8Array =>
  Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

/** Every command has this length. */
export const commandBytes = 16;

/** Bytes that the host sends after a command: those of a write of memory, or a list of words. */
export function dataBytesOf(command: Uint8Array): number {
  if (command[0] !== 0xf2) return 0;
  const view = new DataView(command.buffer, command.byteOffset, command.length);
  if (command[1] === 0x51) return listBytes(view.getUint32(2, true));
  return [0x08, 0x0d, 0x48, 0x50].includes(command[1]!) ? view.getUint16(6, true) : 0;
}

const apTar = 0x04;
const apDrw = 0x0c;
const csw = { increment: 0x2300_0010, stay: 0x2300_0000 } as const; // AddrInc single, off
const sizeCode = { 1: 0, 2: 1, 4: 2 } as const;
const blockBytes = 1024; // the AP's auto-increment wraps there

/** A run of transfers of one size. */
interface Block {
  readonly accessPort: number;
  readonly address: number;
  readonly sizeBytes: 1 | 2 | 4;
  /** All transfers go to the one address. */
  readonly stays?: true;
}

/** One ST-LINK in front of one chip. */
export class StlinkCommands {
  readonly #target: ProbeTarget;
  #mode: number = mode.mass;
  #lastStatus = statusOk;
  /** What a list of words gave, until the host fetches it. */
  #listAnswer: Uint8Array = new Uint8Array(0);

  constructor(target: ProbeTarget) {
    this.#target = target;
  }

  /** The host has gone. */
  close(): void {
    this.#mode = mode.mass;
    this.#target.released();
  }

  /** Runs a command; `data` is what the host sent after it. Returns the bytes for the host, possibly none. */
  run(command: Uint8Array, data: Uint8Array): Uint8Array {
    const code = command[0]!;
    if (code === 0xf1) return this.#version();
    if (code === 0xf5) return Uint8Array.of(this.#mode, 0);
    if (code === 0xf7) return this.#voltage();
    if (code === 0xf3) {
      if (command[1] === 0x07) this.#mode = mode.mass; // leave DFU
      return new Uint8Array(0);
    }
    return code === 0xf2 ? this.#debug(command, data) : new Uint8Array(0);
  }

  /** V2J37: version field, vendor and product. */
  #version(): Uint8Array {
    const view = answer(6);
    view.setUint16(0, (2 << 12) | (37 << 6) | 7);
    view.setUint16(2, 0x0483, true);
    view.setUint16(4, 0x3748, true);
    return bytesOf(view);
  }

  /** Reference and target voltage as the two readings that make 3.3 V. */
  #voltage(): Uint8Array {
    const view = answer(8);
    view.setUint32(0, 1500, true);
    view.setUint32(4, 2062, true);
    return bytesOf(view);
  }

  #status(lengthBytes = 2, status: number = statusOk): DataView {
    const view = answer(lengthBytes);
    view.setUint8(0, status);
    return view;
  }

  #debug(command: Uint8Array, data: Uint8Array): Uint8Array {
    const view = new DataView(command.buffer, command.byteOffset, command.length);
    const address = view.getUint32(2, true);
    const length = view.getUint16(6, true);
    // The byte after the length is the access port (V2J32); clients of older ST-LINKs leave it
    // 0, the port that those had.
    const block = (sizeBytes: 1 | 2 | 4): Block => ({ accessPort: command[8]!, address, sizeBytes });
    switch (command[1]) {
      case 0x21:
        this.#mode = mode.mass;
        return new Uint8Array(0);
      case 0x30:
        return this.#enter();
      case 0x31:
        return this.#readIdCodes();
      case 0x3c:
        return this.#driveReset(command[2]!);
      case 0x3b:
      case 0x3e:
        return this.#lastReadWriteStatus();
      case 0x45:
        return this.#readRegister(view.getUint16(2, true), view.getUint16(4, true));
      case 0x46:
        return this.#writeRegister(view.getUint16(2, true), view.getUint16(4, true), view.getUint32(6, true));
      case 0x07:
        return this.#readMemory(block(4), length);
      case 0x0c:
        return this.#readMemory(block(1), length);
      case 0x47:
        return this.#readMemory(block(2), length);
      case 0x54:
        return this.#readMemory({ ...block(4), stays: true }, length);
      case 0x08:
        return this.#writeMemory(block(4), data);
      case 0x0d:
        return this.#writeMemory(block(1), data);
      case 0x48:
        return this.#writeMemory(block(2), data);
      case 0x50:
        return this.#writeMemory({ ...block(4), stays: true }, data);
      case 0x51:
        return this.#runList(address, data);
      case 0x52:
        return this.#listAnswer;
      case 0x36:
        return this.#debugRegister(address);
      case 0x35:
        return this.#setDebugRegister(address, view.getUint32(6, true));
      default:
        return bytesOf(this.#status()); // frequency, AP open and close: nothing to do
    }
  }

  #enter(): Uint8Array {
    if (!this.#target.attached()) return bytesOf(this.#status(2, statusNotAttached));
    this.#mode = mode.debug;
    const port = this.#target.debugPort;
    port.writeDp(0, 0x1e);
    port.writeDp(8, 0);
    port.writeDp(4, 0x5000_0000);
    return bytesOf(this.#status());
  }

  #readIdCodes(): Uint8Array {
    const view = this.#status(12);
    const id = this.#target.debugPort.readDp(0);
    if (id.ok) view.setUint32(4, id.value, true);
    return bytesOf(view);
  }

  #driveReset(level: number): Uint8Array {
    if (level === 2) this.#target.pulseReset();
    else this.#target.setReset(level === 0);
    return bytesOf(this.#status());
  }

  #lastReadWriteStatus(): Uint8Array {
    const view = this.#status(12, this.#lastStatus);
    this.#lastStatus = statusOk;
    return bytesOf(view);
  }

  #select(accessPort: number, register: number): void {
    this.#target.debugPort.writeDp(8, ((accessPort << 24) | (register & 0xf0)) >>> 0);
  }

  #outcome(transfer: Transfer): number {
    if (transfer.ok) return statusOk;
    if (transfer.silent) return statusNotAttached;
    this.#target.debugPort.writeDp(0, 0x1e);
    return statusFault;
  }

  #readRegister(port: number, register: number): Uint8Array {
    if (!this.#target.attached()) return bytesOf(this.#status(8, statusNotAttached));
    const { debugPort } = this.#target;
    if (port !== 0xffff) this.#select(port, register);
    const transfer = port === 0xffff ? debugPort.readDp(register & 0xc) : debugPort.readAp(register & 0xc);
    const view = this.#status(8, this.#outcome(transfer));
    if (transfer.ok) view.setUint32(4, transfer.value, true);
    return bytesOf(view);
  }

  #writeRegister(port: number, register: number, value: number): Uint8Array {
    if (!this.#target.attached()) return bytesOf(this.#status(2, statusNotAttached));
    const { debugPort } = this.#target;
    if (port !== 0xffff) this.#select(port, register);
    const transfer =
      port === 0xffff ? debugPort.writeDp(register & 0xc, value) : debugPort.writeAp(register & 0xc, value);
    return bytesOf(this.#status(2, this.#outcome(transfer)));
  }

  /** Sets size, increment and address for a run of transfers from that offset on. */
  #aim({ accessPort, address, sizeBytes, stays }: Block, offset: number): void {
    this.#select(accessPort, 0);
    const { debugPort } = this.#target;
    debugPort.writeAp(0, (stays ? csw.stay : csw.increment) | sizeCode[sizeBytes]);
    debugPort.writeAp(apTar, (address + offset) >>> 0);
  }

  /** Whether a transfer must be aimed: the first, and where the increment of the access port ends. */
  #mustAim({ address, stays }: Block, offset: number): boolean {
    return offset === 0 || (!stays && (address + offset) % blockBytes === 0);
  }

  #readMemory(block: Block, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(lengthBytes, 2));
    const { debugPort } = this.#target;
    const { address, sizeBytes, stays } = block;
    this.#lastStatus = this.#target.attached() ? statusOk : statusNotAttached;
    for (let offset = 0; offset < lengthBytes && this.#lastStatus === statusOk; offset += sizeBytes) {
      if (this.#mustAim(block, offset)) this.#aim(block, offset);
      const transfer = debugPort.readAp(apDrw);
      this.#lastStatus = this.#outcome(transfer);
      if (!transfer.ok) break;
      const lane = transfer.value >>> (8 * ((address + (stays ? 0 : offset)) & 3));
      for (let i = 0; i < sizeBytes; i++) bytes[offset + i] = lane >>> (8 * i);
    }
    return bytes;
  }

  #writeMemory(block: Block, data: Uint8Array): Uint8Array {
    const { debugPort } = this.#target;
    const { address, sizeBytes, stays } = block;
    this.#lastStatus = this.#target.attached() ? statusOk : statusNotAttached;
    for (let offset = 0; offset + sizeBytes <= data.length; offset += sizeBytes) {
      if (this.#lastStatus !== statusOk) break;
      if (this.#mustAim(block, offset)) this.#aim(block, offset);
      let value = 0;
      for (let i = 0; i < sizeBytes; i++) value |= data[offset + i]! << (8 * i);
      debugPort.writeAp(apDrw, (value << (8 * ((address + (stays ? 0 : offset)) & 3))) >>> 0);
      this.#lastStatus = this.#outcome(debugPort.readDp(12));
    }
    return new Uint8Array(0);
  }

  #runList(items: number, data: Uint8Array): Uint8Array {
    const word = (accessPort: number, address: number): Block => ({ accessPort, address, sizeBytes: 4 });
    const access: WordAccess = {
      read: (accessPort, address) => {
        const bytes = this.#readMemory(word(accessPort, address), 4);
        return [this.#lastStatus, new DataView(bytes.buffer).getUint32(0, true)];
      },
      write: (accessPort, address, value) => {
        this.#writeMemory(word(accessPort, address), bytesOfWord(value));
        return this.#lastStatus;
      },
    };
    this.#listAnswer =
      listBytes(items) === 0 ? new Uint8Array(0) : runList(items, data, { access, ok: statusOk });
    return new Uint8Array(0);
  }

  #debugRegister(address: number): Uint8Array {
    const word = this.#readMemory({ accessPort: 0, address, sizeBytes: 4 }, 4);
    const view = this.#status(8, this.#lastStatus);
    view.setUint32(4, new DataView(word.buffer).getUint32(0, true), true);
    return bytesOf(view);
  }

  #setDebugRegister(address: number, value: number): Uint8Array {
    this.#writeMemory({ accessPort: 0, address, sizeBytes: 4 }, bytesOfWord(value));
    return bytesOf(this.#status(2, this.#lastStatus));
  }
}
