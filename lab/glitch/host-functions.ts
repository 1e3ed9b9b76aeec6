// Leaf functions of the agent at the speed of the host: copying, comparing, wiping, CRC, the beginning
// of a MAC, waiting. They are used on the way to the attack and after a glitch. Each does what its
// machine code does; where that would fault, or its arguments make no sense, it does nothing and the
// machine code runs. The machine code of these functions is attacked as well: on the way that no glitch
// has hit yet, none of these is used.

import { fsNo, fsOk, fsYes, type VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';
import type { RunningHashes } from './host-crypto.ts';

/** What a call may leave in r1 to r3 and r12. */
const rubbish = 0xdead_beef;
const lengthMost = 0x2000;

interface Range {
  readonly start: number;
  readonly end: number;
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});

/** By the address of the first instruction; false means that nothing was done. */
export function hostFunctions(
  chip: VirtualChip,
  { symbols, constants }: Pick<AgentCode, 'symbols' | 'constants'>,
  hashes: RunningHashes,
): Map<number, () => boolean> {
  const { core } = chip.machine.processor;
  const { hashContextBytes, hmacOuterKeyAt } = constants;
  const { addressStart, length } = chip.chip.ram[0]!;
  const ram: Range = { start: addressStart, end: addressStart + length };
  const units = chip.chip.flash.eraseUnits;
  const flash: Range = {
    start: units[0]!.addressStart,
    end: Math.max(...units.map((unit) => unit.addressStart + unit.sizeBytes)),
  };
  const within = (address: number, size: number, range: Range) =>
    size <= lengthMost && address >= range.start && address + size <= range.end;
  const readable = (address: number, size: number) =>
    within(address, size, ram) || within(address, size, flash);
  const r = (index: number) => core.registers[index]! >>> 0;
  const copy = (to: number, from: number, size: number): boolean => {
    if (!within(to, size, ram) || !readable(from, size)) return false;
    for (let i = 0; i < size; i++) core.writeUint8(to + i, core.readUint8(from + i));
    return true;
  };
  const fill = (to: number, value: number, size: number): boolean => {
    if (!within(to, size, ram)) return false;
    for (let i = 0; i < size; i++) core.writeUint8(to + i, value);
    return true;
  };
  const bodies: Record<string, () => number | undefined> = {
    memcpy: () => (copy(r(0), r(1), r(2)) ? r(0) : undefined),
    memset: () => (fill(r(0), r(1) & 0xff, r(2)) ? r(0) : undefined),
    fs_wipe: () => (fill(r(0), 0, r(1)) ? r(0) : undefined),
    fs_guarded_copy() {
      if (!within(r(0), r(2), flash)) return undefined;
      try {
        return copy(r(1), r(0), r(2)) ? fsOk : undefined;
      } catch {
        return undefined; // a broken word: the machine code has a guard for it
      }
    },
    fs_equal() {
      if (!readable(r(0), r(2)) || !readable(r(1), r(2))) return undefined;
      for (let i = 0; i < r(2); i++) if (core.readUint8(r(0) + i) !== core.readUint8(r(1) + i)) return fsNo;
      return fsYes;
    },
    fs_all() {
      if (!readable(r(0), r(1))) return undefined;
      for (let i = 0; i < r(1); i++) if (core.readUint8(r(0) + i) !== (r(2) & 0xff)) return fsNo;
      return fsYes;
    },
    /** (context: running hash, then outer key; key; its length) */
    fs_hmac_init() {
      if (r(2) > 64 || !readable(r(1), r(2)) || !within(r(0), hashContextBytes + 64, ram)) return undefined;
      const [inner, outer] = [new Uint8Array(64).fill(0x36), new Uint8Array(64).fill(0x5c)];
      for (let i = 0; i < r(2); i++) {
        const byte = core.readUint8(r(1) + i);
        inner[i]! ^= byte;
        outer[i]! ^= byte;
      }
      for (const [i, byte] of outer.entries()) core.writeUint8(r(0) + hmacOuterKeyAt + i, byte);
      hashes.begin(r(0));
      hashes.update(r(0), inner);
      return rubbish;
    },
    /** Waits so many turns. */
    fs_spin: () => (r(0) <= 0x10000 ? rubbish : undefined),
    fs_crc32() {
      if (!readable(r(0), r(1))) return undefined;
      let crc = 0xffff_ffff;
      for (let i = 0; i < r(1); i++) crc = (crc >>> 8) ^ crcTable[(crc ^ core.readUint8(r(0) + i)) & 0xff]!;
      return ~crc;
    },
  };
  // The anchor has some of them only.
  const named = Object.entries(bodies).filter(([name]) => symbols.has(name));
  return new Map<number, () => boolean>(
    named.map(([name, body]) => [
      symbols.get(name)!.address & ~1,
      () => {
        const result = body();
        if (result === undefined) return false;
        core.registers[0] = result;
        for (const index of [1, 2, 3, 12]) core.registers[index] = rubbish;
        core.PC = (core.LR & ~1) >>> 0;
        core.cycles += 100;
        return true;
      },
    ]),
  );
}
