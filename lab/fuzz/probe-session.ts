// A well-behaved debugger at a probe that was fuzzed: clears what stands, powers the debug domain up,
// writes 64 bytes of SRAM and reads them back, on a chip whose power was just switched on. What a
// fuzzed probe must still be good for.

import type { CmsisDapCommands, StlinkCommands, VirtualChip } from '@firmseal/virtual-stm32';

const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const sessionBytes = 64;

function compare(read: Uint8Array, content: Uint8Array): void {
  if (!Buffer.from(read).equals(content)) throw new Error('read back something else');
}

/** Above what a running program of these chips uses. */
const place = ({ chip }: VirtualChip): number => chip.ram[0]!.addressStart + 0x2000;

export function readSramByDap(
  chip: VirtualChip,
  probe: Pick<CmsisDapCommands, 'run'>,
  all: Uint8Array,
): void {
  const content = all.subarray(0, sessionBytes);
  const expectAnswer = (step: string, packet: readonly number[], start: readonly number[]): Uint8Array => {
    const answer = probe.run(Uint8Array.from(packet)).at(-1) ?? new Uint8Array(0);
    if (!start.every((byte, i) => answer[i] === byte))
      throw new Error(`${step}: ${[...answer.subarray(0, 8)]}`);
    return answer.subarray(start.length);
  };
  const accessPort = chip.chip.debug.apIndex << 24;
  const aim = [
    ...[0x00, ...littleEndian(0x1e), 0x04, ...littleEndian(0x50000000), 0x08, ...littleEndian(accessPort)],
    ...[0x01, ...littleEndian(0x23000012), 0x05, ...littleEndian(place(chip))],
  ];
  expectAnswer('reset pin', [0x10, 0x80, 0x80, 0, 0, 0, 0], [0x10]);
  expectAnswer('configure', [0x04, 0, 0, 0, 0, 0], [0x04, 0]);
  expectAnswer('aim', [0x05, 0, 5, ...aim], [0x05, 5, 1]);
  expectAnswer('write', [0x06, 0, 16, 0, 0x0d, ...content], [0x06, 16, 0, 1]);
  expectAnswer('aim', [0x05, 0, 5, ...aim], [0x05, 5, 1]);
  compare(expectAnswer('read', [0x06, 0, 16, 0, 0x0f], [0x06, 16, 0, 1]), content);
}

export function readSramByStlink(chip: VirtualChip, probe: StlinkCommands, all: Uint8Array): void {
  const content = all.slice(0, sessionBytes);
  const nothing = new Uint8Array(0);
  const run = (bytes: readonly number[], data = nothing): Uint8Array => {
    const command = new Uint8Array(16);
    command.set(bytes);
    return probe.run(command, data);
  };
  const where = [...littleEndian(place(chip)), sessionBytes, 0];
  run([0xf2, 0x3c, 1]);
  const entered = run([0xf2, 0x30, 0xa3]);
  if (entered[0] !== 0x80) throw new Error(`enter: ${entered[0]}`);
  run([0xf2, 0x3e]);
  run([0xf2, 0x08, ...where], content);
  const status = run([0xf2, 0x3e]);
  if (status[0] !== 0x80) throw new Error(`write: ${status[0]}`);
  compare(run([0xf2, 0x07, ...where]), content);
}
