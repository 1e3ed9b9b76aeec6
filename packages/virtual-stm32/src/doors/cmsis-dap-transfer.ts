// The transfers of CMSIS-DAP: reads and writes of debug and access port registers, single or in blocks, with
// value match. Bytes of the host are not trusted: missing ones read as zero, counts are bound by the packet.

import type { SwDebugPort, Transfer } from '../debug/debug-port-registers.ts';

/** DAP_Transfer request bits. */
const request = { accessPort: 1, read: 2, address: 0x0c, match: 1 << 4, mask: 1 << 5 };
/** Acknowledgements as the wire has them; 7: nobody drove the line. */
const acknowledge = { ok: 1, fault: 4, none: 7, mismatch: 1 << 4 };
/** DP.RDBUFF. */
const readBuffer = 0x0c;
const transferCommand = 0x05;
const blockCommand = 0x06;

interface Result {
  readonly answer: Uint8Array;
  /** Bytes of the packet that were used. */
  readonly length: number;
}

const acknowledged = (transfer: Transfer): number => {
  if (transfer.ok) return acknowledge.ok;
  return transfer.silent ? acknowledge.none : acknowledge.fault;
};

const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

function wordAt(packet: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 3; i >= 0; i--) value = (value << 8) | (packet[at + i] ?? 0);
  return value >>> 0;
}

export class Transfers {
  readonly #port: SwDebugPort;
  /** Of the longest answer, its head included. */
  readonly #answerBytes: number;
  #matchRetries = 0;
  #matchMask = 0;

  constructor(port: SwDebugPort, answerBytes: number) {
    this.#port = port;
    this.#answerBytes = answerBytes;
  }

  /** DAP_TransferConfigure: idle cycles, WAIT retries (never needed here), match retries. */
  configure(packet: Uint8Array): void {
    this.#matchRetries = (packet[4] ?? 0) | ((packet[5] ?? 0) << 8);
  }

  /** DAP_WriteABORT. */
  writeAbort(packet: Uint8Array): boolean {
    return this.#port.writeDp(0, wordAt(packet, 2)).ok;
  }

  #read(bits: number): Transfer {
    const address = bits & request.address;
    return bits & request.accessPort ? this.#port.readAp(address) : this.#port.readDp(address);
  }

  #write(bits: number, value: number): Transfer {
    const address = bits & request.address;
    return bits & request.accessPort
      ? this.#port.writeAp(address, value)
      : this.#port.writeDp(address, value);
  }

  #readUntil(bits: number, value: number): number {
    for (let tries = 0; tries <= this.#matchRetries; tries++) {
      const found = this.#read(bits);
      if (!found.ok) return acknowledged(found);
      if ((found.value & this.#matchMask) >>> 0 === value) return acknowledge.ok;
    }
    return acknowledge.ok | acknowledge.mismatch;
  }

  /** Whether one more word fits behind `done` words and the head of an answer. */
  #fits(headBytes: number, words: number): boolean {
    return headBytes + 4 * words + 4 <= this.#answerBytes;
  }

  /** Writes to an access port are buffered: a read after the last write tells whether it succeeded. */
  #lastWrite(): number {
    return acknowledged(this.#port.readDp(readBuffer));
  }

  /**
   * DAP_Transfer: index, count, then requests with their data; ends at the first that is not OK, at the end
   * of the packet, or where the answer is full. The count answered is of those that were OK;
   * acknowledgement 0: nothing was tried.
   */
  transfer(packet: Uint8Array): Result {
    const values: number[] = [];
    let done = 0;
    let ack = 0;
    let wrote = false;
    let at = 3;
    while (done < packet[2]! && at < packet.length) {
      const bits = packet[at]!;
      const reads = (bits & request.read) !== 0;
      if (reads && !this.#fits(3, values.length / 4)) break;
      at++;
      if (reads && !(bits & request.match)) {
        const found = this.#read(bits);
        ack = acknowledged(found);
        if (found.ok) values.push(...word(found.value));
      } else {
        const value = wordAt(packet, at);
        at += 4;
        if (reads) ack = this.#readUntil(bits, value);
        else if (bits & request.mask) {
          this.#matchMask = value;
          ack = acknowledge.ok;
        } else ack = acknowledged(this.#write(bits, value));
      }
      if (ack !== acknowledge.ok) break;
      wrote = !reads;
      done++;
    }
    if (wrote && ack === acknowledge.ok) ack = this.#lastWrite();
    return { answer: Uint8Array.of(transferCommand, done, ack, ...values), length: at };
  }

  /** DAP_TransferBlock: index, count of 16 bits, one request, data of writes. Ends as DAP_Transfer does. */
  block(packet: Uint8Array): Result {
    const count = packet[2]! | (packet[3]! << 8);
    const bits = packet[4]!;
    const reads = (bits & request.read) !== 0;
    const values: number[] = [];
    let done = 0;
    let ack = 0;
    while (done < count) {
      const at = 5 + 4 * done;
      if (reads ? !this.#fits(4, done) : at + 4 > packet.length) break;
      const one = reads ? this.#read(bits) : this.#write(bits, wordAt(packet, at));
      ack = acknowledged(one);
      if (!one.ok) break;
      if (reads) values.push(...word(one.value));
      done++;
    }
    if (!reads && ack === acknowledge.ok) ack = this.#lastWrite();
    const length = reads ? 5 : 5 + 4 * count;
    return { answer: Uint8Array.of(blockCommand, done & 0xff, done >>> 8, ack, ...values), length };
  }
}
