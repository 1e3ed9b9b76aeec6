// The transfers of CMSIS-DAP: reads and writes of debug and access port registers, single or in blocks, with value match.
// Bytes of the host are not trusted: missing ones read as zero, counts are bound by the packet.

import type { SwDebugPort, Transfer } from '../debug/debug-port-registers.ts';

/** DAP_Transfer request bits. */
const request = { accessPort: 1, read: 2, address: 0x0c, match: 1 << 4, mask: 1 << 5 };
/** Acknowledgements as the wire has them; 7: nobody drove the line. */
const acknowledge = { ok: 1, fault: 4, none: 7, mismatch: 1 << 4 };
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
  #matchRetries = 0;
  #matchMask = 0;

  constructor(port: SwDebugPort) {
    this.#port = port;
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

  /** DAP_Transfer: index, count, then requests with their data; ends at the first that is not OK. */
  transfer(packet: Uint8Array): Result {
    const values: number[] = [];
    let done = 0;
    let ack: number = acknowledge.ok;
    let at = 3;
    for (; done < packet[2]! && at < packet.length && ack === acknowledge.ok; done++) {
      const bits = packet[at++]!;
      if (bits & request.read && !(bits & request.match)) {
        const found = this.#read(bits);
        ack = acknowledged(found);
        if (found.ok) values.push(...word(found.value));
        continue;
      }
      const value = wordAt(packet, at);
      at += 4;
      if (bits & request.read) ack = this.#readUntil(bits, value);
      else if (bits & request.mask) this.#matchMask = value;
      else ack = acknowledged(this.#write(bits, value));
    }
    const count = ack === acknowledge.ok ? done : done - 1;
    return { answer: Uint8Array.of(transferCommand, count, ack, ...values), length: at };
  }

  /** DAP_TransferBlock: index, count of 16 bits, one request, data of writes. */
  block(packet: Uint8Array): Result {
    const count = packet[2]! | (packet[3]! << 8);
    const bits = packet[4]!;
    const values: number[] = [];
    let done = 0;
    let ack: number = acknowledge.ok;
    while (done < count && ack === acknowledge.ok) {
      const at = 5 + 4 * done;
      if (!(bits & request.read) && at >= packet.length) break;
      const one = bits & request.read ? this.#read(bits) : this.#write(bits, wordAt(packet, at));
      ack = acknowledged(one);
      if (!one.ok) break;
      if (bits & request.read) values.push(...word(one.value));
      done++;
    }
    const length = bits & request.read ? 5 : 5 + 4 * count;
    return { answer: Uint8Array.of(blockCommand, done & 0xff, done >>> 8, ack, ...values), length };
  }
}
