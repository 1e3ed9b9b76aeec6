// Malformed and hostile input for debug probes, from a seed: CMSIS-DAP packets, ST-LINK commands, and frames of the protocols
// that carry them (ST's stlink-server, USB/IP). Noise, commands with one thing wrong, and well-formed ones at places that
// nobody means well with.

import type { SeededRandom } from '@firmseal/virtual-stm32';

const pick = <T>(random: SeededRandom, list: readonly T[]): T => list[random.below(list.length)]!;
const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const half = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];

/** Memories and their edges, flash and option registers of the families, the core's debug registers. */
const places = [
  ...[0x00000000, 0x08000000, 0x080ffffc, 0x081ffffe, 0x1fff7800, 0x1fffc000, 0x20000000, 0x2000fffc],
  ...[0x40022000, 0x40022014, 0x40023c00, 0x40023c14, 0x52002000, 0x52002020, 0x5200210c, 0xe000edf0],
  ...[0xe000edf4, 0xe000edf8, 0xe000edfc, 0xe000ed0c, 0xe0042000, 0xe00ff000, 0xfffffffc],
];

const address = (random: SeededRandom): number =>
  random.below(4) === 0 ? random.word() : (pick(random, places) + random.below(64)) >>> 0;

/** Requests of DAP_Transfer with what they carry: select, address, data, value matches. */
function dapRequest(random: SeededRandom): number[] {
  const value = random.below(3) === 0 ? random.word() : address(random);
  return pick(random, [
    () => [0x05, ...littleEndian(address(random))], // AP TAR
    () => [0x0d, ...littleEndian(value)], // AP DRW
    () => [0x0f], // read AP DRW
    () => [0x01, ...littleEndian(0x23000000 | random.below(256))], // AP CSW
    () => [0x08, ...littleEndian(random.below(4) << 24)], // DP SELECT
    () => [0x00, ...littleEndian(random.below(32))], // DP ABORT
    () => [0x04, ...littleEndian(0x50000000)], // DP CTRL/STAT
    () => [0x02],
    () => [0x16, ...littleEndian(random.word())], // value match
    () => [0x20, ...littleEndian(random.word())], // match mask
    () => [random.below(256), ...littleEndian(value)],
  ])();
}

function dapCommand(random: SeededRandom, deep = 0): number[] {
  const repeated = (most: number, make: () => number[]): number[] => {
    const count = random.below(most) + 1;
    const claimed = random.below(10) === 0 ? random.below(256) : count;
    return [claimed, ...Array.from({ length: count }, make).flat()];
  };
  const noise = (most: number): number[] => [...random.bytes(random.below(most) + 1)];
  return pick(random, [
    () => [0x00, random.below(256)],
    () => [0x02, random.below(4)],
    () => [0x03],
    () => [0x04, random.below(256), ...half(random.below(65536)), ...half(random.below(8))],
    () => [0x05, 0, ...repeated(12, () => dapRequest(random))],
    () => [0x05, 0, ...repeated(12, () => dapRequest(random))],
    () => [0x06, 0, ...half(random.below(random.below(8) === 0 ? 65536 : 130)), 0x0f],
    () => [0x06, 0, ...half(random.below(20)), 0x0d, ...noise(80)],
    () => [0x08, 0, ...littleEndian(random.word())],
    () => [0x0a],
    () => [0x10, random.below(256), random.below(256), ...littleEndian(random.below(1000))],
    () => [0x11, ...littleEndian(random.word())],
    () => [0x12, random.below(256), ...noise(33)],
    () => [0x1d, ...repeated(8, () => [random.below(256), ...noise(9)])],
    () => (deep > 2 ? noise(20) : [0x7f, ...repeated(4, () => dapCommand(random, deep + 1))]),
    () => (deep > 0 ? noise(20) : [0x7e, ...repeated(4, () => dapCommand(random, 1))]),
    () => noise(64),
  ])();
}

/** One packet, at most as long as one is; now and then cut short. */
export function dapPacket(random: SeededRandom, packetBytes: number): Uint8Array {
  const whole = dapCommand(random).slice(0, packetBytes);
  const cut = random.below(8) === 0 ? random.below(whole.length + 1) : whole.length;
  return Uint8Array.from(whole.slice(0, cut));
}

export interface StlinkInput {
  readonly command: Uint8Array;
  readonly data: Uint8Array;
}

const stlinkCodes = [
  ...[0x07, 0x08, 0x0c, 0x0d, 0x47, 0x48, 0x50, 0x54, 0x52, 0x30, 0x31, 0x35, 0x36, 0x3b, 0x3c, 0x3e],
];

/** A list of words: codes, padding, a word for each; now and then longer or shorter than its count says. */
function wordList(random: SeededRandom): StlinkInput {
  const items = random.below(20);
  const codes = Array.from({ length: items }, () => pick(random, [1, 2, 3, 5, random.below(256)]));
  while (codes.length % 4 !== 0) codes.push(0);
  const words = Array.from({ length: items }, () =>
    littleEndian(random.below(4) === 0 ? 0 : address(random)),
  );
  const command = new Uint8Array(16);
  command.set([0xf2, 0x51, ...littleEndian(random.below(10) === 0 ? random.word() : items)]);
  return { command, data: Uint8Array.from([...codes, ...words.flat()]) };
}

/** A command of 16 bytes, and data that may be more or less than it announces. */
export function stlinkInput(random: SeededRandom): StlinkInput {
  if (random.below(8) === 0) return wordList(random);
  const command = new Uint8Array(16);
  const length = random.below(8) === 0 ? random.below(65536) : random.below(300);
  const code = pick(random, stlinkCodes);
  const memory = [0xf2, random.below(12) === 0 ? random.below(256) : code];
  const kind = random.below(8);
  if (kind === 0) command.set(random.bytes(16));
  else if (kind === 1) {
    const register = [...half(pick(random, [0, 1, 2, 0xffff])), ...half(random.below(256))];
    command.set([0xf2, 0x45 + random.below(2), ...register, ...littleEndian(address(random))]);
  } else if (kind === 2) command.set([pick(random, [0xf1, 0xf3, 0xf5, 0xf7, 0xfb]), random.below(16)]);
  else command.set([...memory, ...littleEndian(address(random)), ...half(length)]);
  const sent = random.below(6) === 0 ? random.below(400) : Math.min(length, 400);
  return { command, data: random.bytes(sent) };
}

/** Bytes for a socket of the stlink-server protocol: whole frames, some with one field wrong, or noise. */
export function stlinkFrame(random: SeededRandom): Uint8Array {
  if (random.below(12) === 0) return random.bytes(random.below(64) + 1);
  const code = random.below(7);
  if (code !== 5) return Uint8Array.of(code, ...random.bytes([2, 1, 8, 8, 8, 0, 4][code]! - 1));
  const { command, data } = stlinkInput(random);
  const outgoing = random.below(2) === 0;
  const frame = new Uint8Array(32 + (outgoing ? data.length : 0));
  const view = new DataView(frame.buffer);
  frame[0] = 5;
  view.setUint32(4, 7, true);
  frame.set(command, 8);
  frame[24] = outgoing ? 0 : 1;
  const wrong = random.below(40) === 0;
  view.setUint32(28, wrong ? random.word() : outgoing ? data.length : random.below(512), true);
  if (outgoing) frame.set(data, 32);
  return frame;
}

/** Bytes for a socket of USB/IP after the import: submissions and unlinks, some with one field wrong, or noise. */
export function usbipFrame(random: SeededRandom): Uint8Array {
  if (random.below(12) === 0) return random.bytes(random.below(96) + 1);
  const incoming = random.below(2) === 0;
  const length = random.below(40) === 0 ? random.word() : random.below(600);
  const data = incoming ? new Uint8Array(0) : random.bytes(Math.min(length, 600));
  const frame = new Uint8Array(48 + data.length);
  const view = new DataView(frame.buffer);
  const command = random.below(20) === 0 ? random.below(8) : random.below(6) === 0 ? 2 : 1;
  const words = [command, random.below(64), 0x10002, incoming ? 1 : 0, random.below(4)];
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word);
  view.setUint32(20, random.below(64));
  view.setUint32(24, length);
  frame.set([random.below(256), random.below(16), ...random.bytes(6)], 40);
  frame.set(data, 48);
  return frame;
}
