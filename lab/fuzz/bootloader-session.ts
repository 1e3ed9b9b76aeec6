// A well-behaved host at either door: writes 512 bytes and reads them back, byte by byte as AN3155 and
// AN3156 say. What a fuzzed bootloader must still be good for.

import type { Setup, UsbAnswer, UsbControl, UsbDevice, VirtualChip } from '@firmseal/virtual-stm32';

const ack = 0x79;
const flashStart = 0x08000000;
const blockBytes = 256;
const blocks = 2;

const xorOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum ^ byte, 0);
const bigEndian = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
const closed = (bytes: readonly number[]): number[] => [...bytes, xorOf(bytes)];
const sameBytes = (a: readonly number[], b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Throws with what was answered instead of what should have been. */
function expectAnswer(step: string, answer: readonly number[], first: number, count = 1): void {
  if (answer[0] === first && answer.length === count) return;
  throw new Error(`${step}: answered ${answer.slice(0, 8).join(' ')} (${answer.length} bytes)`);
}

/** Sends bytes to the chip and gives what came back. Replaces the chip's `onLink`. */
export function exchange(chip: VirtualChip, bytes: Uint8Array): number[] {
  const answer: number[] = [];
  chip.onLink = (sent) => {
    for (const byte of sent) answer.push(byte);
  };
  chip.receive(bytes);
  return answer;
}

/** On a chip fresh from reset at level 0. */
export function programByUart(chip: VirtualChip, content: Uint8Array): void {
  const send = (...bytes: number[]) => exchange(chip, Uint8Array.from(bytes));
  expectAnswer('sync', send(0x7f), ack);
  expectAnswer('write unprotect', send(0x73, 0x8c).slice(0, 1), ack);
  expectAnswer('sync after the reset', send(0x7f), ack);
  expectAnswer('erase command', send(0x44, 0xbb), ack);
  expectAnswer('erase', send(...closed([0x00, 0x00, 0x00, 0x00])), ack);
  for (let block = 0; block < blocks; block++) {
    const place = closed(bigEndian(flashStart + block * blockBytes));
    const data = content.subarray(block * blockBytes, (block + 1) * blockBytes);
    expectAnswer('write command', send(0x31, 0xce), ack);
    expectAnswer('write address', send(...place), ack);
    expectAnswer('write data', send(...closed([blockBytes - 1, ...data])), ack);
    expectAnswer('read command', send(0x11, 0xee), ack);
    expectAnswer('read address', send(...place), ack);
    const read = send(blockBytes - 1, 0x100 - blockBytes);
    expectAnswer('read', read, ack, 1 + blockBytes);
    if (!sameBytes(read.slice(1), data)) throw new Error('read back something else');
  }
}

const dfuIdle = 2;
const dfuBusy = 4;
const dfuDownloadIdle = 5;
const dfuError = 10;

export class DfuHost {
  readonly #control: UsbControl;

  /** `control` of that device. */
  constructor(control: UsbControl) {
    this.#control = control;
  }

  async request(request: number, value: number, data: Uint8Array | number): Promise<Uint8Array> {
    const toHost = typeof data === 'number';
    const length = toHost ? data : data.length;
    const setup: Setup = { requestType: toHost ? 0xa1 : 0x21, request, value, index: 0, length };
    const answer: UsbAnswer = await this.#control.handle(setup, toHost ? new Uint8Array(0) : data);
    if (answer === undefined) throw new Error(`request ${request}: stalled`);
    return answer;
  }

  async #state(): Promise<number> {
    return (await this.request(3, 0, 6))[4]!;
  }

  /** From whatever state it is in, as hosts do it: clear an error, give up what was begun. */
  async toIdle(): Promise<void> {
    for (let attempt = 0; attempt < 4; attempt++) {
      const state = await this.#state();
      if (state === dfuIdle) return;
      if (state === dfuBusy) continue;
      await this.request(state === dfuError ? 4 : 6, 0, new Uint8Array(0));
    }
    throw new Error(`stays in state ${await this.#state()}`);
  }

  async download(block: number, data: Uint8Array): Promise<void> {
    await this.request(1, block, data);
    await this.#state();
    const state = await this.#state();
    if (state !== dfuDownloadIdle) throw new Error(`block ${block}: state ${state}`);
  }

  async program(content: Uint8Array): Promise<void> {
    await this.toIdle();
    const place = bigEndian(flashStart).reverse();
    await this.download(0, Uint8Array.of(0x41, ...place));
    await this.download(0, Uint8Array.of(0x21, ...place));
    await this.download(2, content);
    await this.toIdle();
    const read = await this.request(2, 2, content.length);
    if (!sameBytes([...read], content)) throw new Error('read back something else');
    await this.toIdle();
  }
}

/** The device, for a host that enumerated it. */
export async function enumerate(control: UsbControl, device: UsbDevice): Promise<void> {
  const setup = { requestType: 0, request: 9, value: 1, index: 0, length: 0 };
  if ((await control.handle(setup, new Uint8Array(0))) === undefined)
    throw new Error(`${device.strings[2]} refuses its configuration`);
}
