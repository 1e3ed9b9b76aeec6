// Leaf functions of the agent at the speed of the host, for what leads to the attack and what follows a glitch: copying,
// comparing, wiping, CRC, the beginning of a MAC. Each does what its machine code does, or nothing when it would fault or is
// not sane; then the machine code runs. The code itself is attacked on the way that no glitch has hit yet, where none of
// these is used.

import { fsNo, fsOk, fsYes, type VirtualChip } from '@firmseal/virtual-stm32';
import type { AgentCode } from './agent-code.ts';
import type { RunningHashes } from './quick-crypto.ts';

/** What a call may leave in r1 to r3 and r12. */
const rubbish = 0xdead_beef;
const lengthMost = 0x2000;
/** fs_sha256 of fs_crypto.h. */
const hashBytes = 120;

type Core = VirtualChip['machine']['processor']['core'];

interface Range {
  readonly start: number;
  readonly end: number;
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});

/** By address of the first instruction; false: nothing was done. */
export function shortcuts(
  chip: VirtualChip,
  { symbols }: Pick<AgentCode, 'symbols'>,
  hashes: RunningHashes,
): Map<number, () => boolean> {
  const { core } = chip.machine.processor;
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
      if (r(2) > 64 || !readable(r(1), r(2)) || !within(r(0), hashBytes + 64, ram)) return undefined;
      const [inner, outer] = [new Uint8Array(64).fill(0x36), new Uint8Array(64).fill(0x5c)];
      for (let i = 0; i < r(2); i++) {
        const byte = core.readUint8(r(1) + i);
        inner[i]! ^= byte;
        outer[i]! ^= byte;
      }
      for (const [i, byte] of outer.entries()) core.writeUint8(r(0) + hashBytes + i, byte);
      hashes.begin(r(0));
      hashes.update(r(0), inner);
      return rubbish;
    },
    fs_crc32() {
      if (!readable(r(0), r(1))) return undefined;
      let crc = 0xffff_ffff;
      for (let i = 0; i < r(1); i++) crc = (crc >>> 8) ^ crcTable[(crc ^ core.readUint8(r(0) + i)) & 0xff]!;
      return ~crc;
    },
  };
  const found = new Map<number, () => boolean>(
    Object.entries(bodies).map(([name, body]) => [
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
  const waiting = symbols.get('fs_port_entry_requested')!;
  for (const loop of entryLoops) {
    const at = placeOf(loop.opcodes, core, waiting);
    if (at === undefined) continue;
    found.set(at, () => {
      // The counter goes up to the limit; until its low bits are all set nothing happens but that.
      const limit = loop.limit ?? r(12);
      if (core.registers[5] === entryMask && r(loop.counter) < limit)
        core.registers[loop.counter] = Math.min((r(loop.counter) | entryMask) >>> 0, limit - 1);
      return false;
    });
  }
  return found;
}

const entryMask = 1023;
/** Where the loop turns in which the agent gives the pull of the entry pin its time, as the compiler makes it. */
const entryLoops: readonly { opcodes: readonly number[]; counter: number; limit?: number }[] = [
  // lsls r1, r2, #22; lsrs r1, r1, #22; cmp r1, r5; bne: up to r12
  { opcodes: [0x0591, 0x0d89, 0x42a9, 0xd104], counter: 2 },
  // ubfx r4, r1, #0, #10; cmp r4, r5
  { opcodes: [0xf3c1, 0x0409, 0x42ac], counter: 1, limit: 8192 },
];

/** Undefined in a build that has another loop. */
function placeOf(
  opcodes: readonly number[],
  core: Core,
  { address, sizeBytes }: { readonly address: number; readonly sizeBytes: number },
): number | undefined {
  const start = address & ~1;
  for (let at = start; at < start + sizeBytes; at += 2)
    if (opcodes.every((opcode, i) => core.readUint16(at + 2 * i) === opcode)) return at;
  return undefined;
}
