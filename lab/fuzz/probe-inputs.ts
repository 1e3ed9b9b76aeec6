// Malformed and hostile input for debug probes, from a seed: CMSIS-DAP packets, ST-LINK commands,
// and frames of the protocols that carry them (ST's stlink-server, USB/IP). Noise, commands with
// one thing wrong, well-formed ones at places that nobody means well with, and whole operations
// of the chip's flash controller.

import type { Chip } from '@firmseal/chips';
import type { SeededRandom } from '@firmseal/virtual-stm32';
import { flashSequence, type RegisterWrite } from './flash-sequences.ts';

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

/** Once in so many inputs a whole operation of the flash controller. */
const sequenceEvery = 40;

/** Powers the debug domain up, aims at the chip's memory, writes. */
function dapSequence(writes: readonly RegisterWrite[], { debug }: Chip): number[] {
  const requests = [
    ...[0x00, ...littleEndian(0x1e), 0x04, ...littleEndian(0x50000000)],
    ...[0x08, ...littleEndian(debug.apIndex << 24), 0x01, ...littleEndian(0x23000002)],
    ...writes.flatMap(({ address: at, value }) => [0x05, ...littleEndian(at), 0x0d, ...littleEndian(value)]),
  ];
  return [0x05, 0, requests.length / 5, ...requests];
}

/** At most as long as a packet is; now and then cut short. */
function fitting(random: SeededRandom, bytes: readonly number[], packetBytes: number): Uint8Array {
  const whole = bytes.slice(0, packetBytes);
  const cut = random.below(8) === 0 ? random.below(whole.length + 1) : whole.length;
  return Uint8Array.from(whole.slice(0, cut));
}

/** One packet; once in so many a whole operation of the flash controller. */
export function dapPacket(random: SeededRandom, packetBytes: number, chip: Chip): Uint8Array {
  const command =
    random.below(sequenceEvery) === 0 ? dapSequence(flashSequence(random, chip), chip) : dapCommand(random);
  return fitting(random, command, packetBytes);
}

export interface StlinkInput {
  readonly command: Uint8Array;
  readonly data: Uint8Array;
}

const stlinkCodes = [
  ...[0x07, 0x08, 0x0c, 0x0d, 0x47, 0x48, 0x50, 0x54, 0x52, 0x30, 0x31, 0x35, 0x36, 0x3b, 0x3c, 0x3e],
];

/** A list of words that writes these, after the access port. */
function stlinkSequence(writes: readonly RegisterWrite[], { debug }: Chip): StlinkInput {
  const codes = [5, ...writes.flatMap(() => [1, 2])];
  const words = [debug.apIndex, ...writes.flatMap(({ address: at, value }) => [at, value])];
  const command = new Uint8Array(16);
  command.set([0xf2, 0x51, ...littleEndian(codes.length)]);
  while (codes.length % 4 !== 0) codes.push(0);
  return { command, data: Uint8Array.from([...codes, ...words.flatMap(littleEndian)]) };
}

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
function stlinkNoise(random: SeededRandom): StlinkInput {
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

/** A command with its data; once in so many a whole operation of the flash controller. */
export function stlinkInput(random: SeededRandom, chip: Chip): StlinkInput {
  if (random.below(sequenceEvery) === 0) return stlinkSequence(flashSequence(random, chip), chip);
  return stlinkNoise(random);
}

/** Command of 16 bytes for an opened device, with what it brings or how much it asks for. */
function stlinkCommandFrame(
  command: Uint8Array,
  { brings, lengthBytes }: { readonly brings: Uint8Array | undefined; readonly lengthBytes: number },
): Uint8Array {
  const frame = new Uint8Array(32 + (brings?.length ?? 0));
  const view = new DataView(frame.buffer);
  frame[0] = 5;
  view.setUint32(4, 7, true);
  frame.set(command, 8);
  frame[24] = brings === undefined ? 1 : 0;
  view.setUint32(28, lengthBytes, true);
  if (brings !== undefined) frame.set(brings, 32);
  return frame;
}

/** Bytes for a socket of the stlink-server protocol: whole frames, some with one field wrong, or noise. */
export function stlinkFrame(random: SeededRandom): Uint8Array {
  if (random.below(12) === 0) return random.bytes(random.below(64) + 1);
  const code = random.below(7);
  if (code !== 5) return Uint8Array.of(code, ...random.bytes([2, 1, 8, 8, 8, 0, 4][code]! - 1));
  const { command, data } = stlinkNoise(random);
  const brings = random.below(2) === 0 ? data : undefined;
  const isWrong = random.below(40) === 0;
  const lengthBytes = isWrong ? random.word() : (brings?.length ?? random.below(512));
  return stlinkCommandFrame(command, { brings, lengthBytes });
}

/** A whole operation of the flash controller in one sound frame. */
export function stlinkSequenceFrame(random: SeededRandom, chip: Chip): Uint8Array {
  const { command, data } = stlinkSequence(flashSequence(random, chip), chip);
  return stlinkCommandFrame(command, { brings: data, lengthBytes: data.length });
}

/** Of CMSIS-DAP packets behind USB/IP. */
const packetBytes = 512;

/** A submission: what goes to the endpoint, or how much is asked of it. */
interface Submission {
  readonly command: number;
  readonly sequence: number;
  readonly endpoint: number;
  readonly data: Uint8Array | undefined;
  readonly lengthBytes: number;
  readonly flags: number;
  readonly setup: readonly number[];
}

function submission({
  command,
  sequence,
  endpoint,
  data,
  lengthBytes,
  flags,
  setup,
}: Submission): Uint8Array {
  const frame = new Uint8Array(48 + (data?.length ?? 0));
  const view = new DataView(frame.buffer);
  const words = [command, sequence, 0x10002, data === undefined ? 1 : 0, endpoint, flags, lengthBytes];
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word);
  frame.set(setup, 40);
  if (data !== undefined) frame.set(data, 48);
  return frame;
}

/**
 * Bytes for a socket of USB/IP after the import: submissions and unlinks, some with
 * one field wrong, or noise.
 */
export function usbipFrame(random: SeededRandom): Uint8Array {
  if (random.below(12) === 0) return random.bytes(random.below(96) + 1);
  const isPacket = random.below(2) === 0;
  const carried = isPacket
    ? fitting(random, dapCommand(random), packetBytes)
    : random.bytes(random.below(600));
  return submission({
    command: random.below(20) === 0 ? random.below(8) : random.below(6) === 0 ? 2 : 1,
    sequence: random.below(64),
    endpoint: random.below(4),
    data: random.below(2) === 0 ? undefined : carried,
    lengthBytes: random.below(40) === 0 ? random.word() : carried.length,
    flags: random.below(64),
    setup: [random.below(256), random.below(16), ...random.bytes(6)],
  });
}

/** A whole operation of the flash controller in one packet to the probe's bulk endpoint. */
export function usbipSequenceFrame(random: SeededRandom, chip: Chip): Uint8Array {
  const data = Uint8Array.from(dapSequence(flashSequence(random, chip), chip));
  const fields = { command: 1, sequence: random.below(64), endpoint: 1, flags: 0, setup: [] };
  return submission({ ...fields, data, lengthBytes: data.length });
}
