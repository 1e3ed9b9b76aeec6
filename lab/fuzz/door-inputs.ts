// Malformed and hostile input for the ROM bootloaders' doors, from a seed: pure noise, commands with
// one thing wrong, and well-formed commands with arguments that nobody means well with. AN3155 and
// AN3156 say what is well-formed.

import type { SeededRandom, Setup } from '@firmseal/virtual-stm32';

const xorOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum ^ byte, 0);

/** Codes that exist in some bootloader, and a few that do not. */
const uartCodes = [
  ...[0x00, 0x01, 0x02, 0x03, 0x11, 0x21, 0x31, 0x43, 0x44, 0x45, 0x50, 0x51, 0x63, 0x73, 0x82],
  ...[0x92, 0xa1, 0x7f, 0xff],
];

/** Starts and edges of memories, and what lies between. */
const places = [
  ...[0x00000000, 0x08000000, 0x08000001, 0x080ffff0, 0x081fffff, 0x08200000, 0x1fff0000, 0x1fff7800],
  ...[0x1fff7a10, 0x1fffc000, 0x1ffec008, 0x20000000, 0x2000fffc, 0x20030000, 0x24000000, 0x40022040],
  ...[0x52002020, 0x5200201c, 0xe000e000, 0xffff0000, 0xfffffffc],
];

const pick = <T>(random: SeededRandom, list: readonly T[]): T => list[random.below(list.length)]!;
const noise = (random: SeededRandom, most: number): number[] => [...random.bytes(random.below(most) + 1)];

function address(random: SeededRandom): number {
  const base = random.below(4) === 0 ? random.word() : pick(random, places);
  return (base + (random.below(3) === 0 ? random.below(4096) : 0)) >>> 0;
}

const bigEndian = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

/** With its XOR, which is wrong once in eight. */
function closed(random: SeededRandom, bytes: number[]): number[] {
  return [...bytes, random.below(8) === 0 ? random.below(256) : xorOf(bytes)];
}

function uartPayload(random: SeededRandom, code: number): number[] {
  switch (code) {
    case 0x11: {
      const count = random.below(256);
      return [...closed(random, bigEndian(address(random))), count, count ^ 0xff];
    }
    case 0x21:
      return closed(random, bigEndian(address(random)));
    case 0x31: {
      const data = noise(random, 256);
      return [...closed(random, bigEndian(address(random))), ...closed(random, [data.length - 1, ...data])];
    }
    case 0x44: {
      if (random.below(4) === 0) return closed(random, [0xff, 0xf0 | random.below(16)]);
      const units = noise(random, 8);
      return closed(random, [0, units.length - 1, ...units.flatMap((unit) => [unit & 1, unit])]);
    }
    case 0x43:
    case 0x63: {
      const units = noise(random, 8);
      return closed(random, [units.length - 1, ...units]);
    }
    default:
      return [];
  }
}

/** One input for the UART, which may end in the middle of a command. */
export function uartInput(random: SeededRandom): Uint8Array {
  if (random.below(8) === 0) return Uint8Array.from(noise(random, 300));
  const code = random.below(10) === 0 ? random.below(256) : pick(random, uartCodes);
  const complement = random.below(16) === 0 ? random.below(256) : code ^ 0xff;
  const whole = [code, complement, ...uartPayload(random, code)];
  const cut = random.below(6) === 0 ? random.below(whole.length) : whole.length;
  return Uint8Array.from(whole.slice(0, cut));
}

export interface ControlInput {
  readonly setup: Setup;
  readonly data: Uint8Array;
}

const littleEndian = (value: number): number[] => bigEndian(value).reverse();

function dfuDownload(random: SeededRandom): ControlInput {
  const commands = [
    [0x21, ...littleEndian(address(random))],
    [0x41, ...littleEndian(address(random))],
    [0x41],
    [0x92],
    noise(random, 7),
  ];
  const isCommand = random.below(2) === 0;
  const bytes = isCommand
    ? commands[[0, 0, 0, 1, 1, 2, 3, 4][random.below(8)]!]!
    : random.below(12) === 0
      ? []
      : noise(random, 2200);
  const data = Uint8Array.from(bytes);
  const length = random.below(16) === 0 ? random.below(4096) : data.length;
  const value = isCommand ? 0 : random.below(5);
  return { setup: { requestType: 0x21, request: 1, value, index: 0, length }, data };
}

/** One control transfer: a class request as a DFU host sends it, or anything. */
export function controlInput(random: SeededRandom): ControlInput {
  const nothing = new Uint8Array(0);
  const kind = random.below(10);
  if (kind < 3) return dfuDownload(random);
  if (kind < 6) {
    const setup = { requestType: 0xa1, request: 3, value: 0, index: 0, length: 6 };
    return { setup, data: nothing };
  }
  if (kind < 8) {
    const request = pick(random, [2, 2, 2, 4, 5, 6]);
    const toHost = request === 2 || request === 5;
    const length = request === 2 ? random.below(4200) : request === 5 ? 1 : 0;
    const value = request === 2 ? random.below(6) : 0;
    return { setup: { requestType: toHost ? 0xa1 : 0x21, request, value, index: 0, length }, data: nothing };
  }
  const setup = {
    ...{ requestType: random.below(256), request: random.below(16), value: random.below(65536) },
    ...{ index: random.below(3) === 0 ? random.below(65536) : 0, length: random.below(300) },
  };
  const toHost = (setup.requestType & 0x80) !== 0;
  return { setup, data: toHost ? nothing : random.bytes(setup.length) };
}
