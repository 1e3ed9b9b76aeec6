// The AHB-AP over a few bytes of memory: sizes and lanes, auto-increment and where it
// wraps, packed transfers, faults.

import { expect, test } from 'vitest';
import { MemoryAccessPort } from './memory-access-port.ts';

const csw = 0x00;
const tar = 0x04;
const drw = 0x0c;
const setup = { word: 0x12, half: 0x11, byte: 0x10, packedHalf: 0x21, packedByte: 0x20 };

/** 4 KiB whose bytes are their address; those from `end` on are bus faults. */
function port(packs = true, end = 4096) {
  const memory = Uint8Array.from({ length: 4096 }, (_, i) => i);
  const bus = {
    read(address: number, sizeBytes: number) {
      if (address + sizeBytes > end) return undefined;
      let value = 0;
      for (let i = sizeBytes - 1; i >= 0; i--) value = (value << 8) | memory[address + i]!;
      return value >>> 0;
    },
    write(address: number, sizeBytes: number, value: number) {
      if (address + sizeBytes > end) return false;
      for (let i = 0; i < sizeBytes; i++) memory[address + i] = value >>> (8 * i);
      return true;
    },
  };
  const ap = new MemoryAccessPort(bus, { idr: 0x2477_0011, incrementBytes: 1024, base: 0xe00f_f003, packs });
  const aim = (mode: number, address: number) => {
    ap.write(csw, mode);
    ap.write(tar, address);
  };
  return { ap, memory, aim };
}

test('words, half-words and bytes stand in the lanes of their address', () => {
  const { ap, aim } = port();
  aim(setup.word, 0x10);
  expect([ap.read(drw), ap.read(drw)]).toEqual([0x1312_1110, 0x1716_1514]);
  aim(setup.half, 0x12);
  expect([ap.read(drw), ap.read(drw)]).toEqual([0x1312_0000, 0x0000_1514]);
  aim(setup.byte, 0x13);
  expect([ap.read(drw), ap.read(drw)]).toEqual([0x1300_0000, 0x0000_0014]);
});

test('auto-increment goes round within its reach', () => {
  const { ap, aim } = port();
  aim(setup.word, 0x3fc);
  ap.read(drw);
  expect(ap.read(tar)).toBe(0);
});

test('packed transfers fill a word, from wherever they begin', () => {
  const { ap, aim, memory } = port();
  aim(setup.packedByte, 0x20);
  expect([ap.read(drw), ap.read(drw), ap.read(tar)]).toEqual([0x2322_2120, 0x2726_2524, 0x28]);
  aim(setup.packedByte, 0x21);
  expect([ap.read(drw), ap.read(tar)]).toEqual([0x2322_2124, 0x25]);
  aim(setup.packedHalf, 0x22);
  expect([ap.read(drw), ap.read(tar)]).toEqual([0x2322_2524, 0x26]);
  aim(setup.packedByte, 0x31);
  expect(ap.write(drw, 0xdd_cc_bb_aa)).toBe(true);
  expect([...memory.subarray(0x30, 0x36)]).toEqual([0x30, 0xbb, 0xcc, 0xdd, 0xaa, 0x35]);
});

test('a port that does not pack says so where a debugger looks', () => {
  const { ap, aim } = port(false);
  aim(setup.packedByte, 0x20);
  expect((ap.read(csw)! >>> 4) & 3).toBe(0);
  expect([ap.read(drw), ap.read(tar)]).toEqual([0x20, 0x20]);
  aim(setup.byte, 0x20);
  expect((ap.read(csw)! >>> 4) & 3).toBe(1);
});

test('a fault in the middle of a packed transfer fails it, and the address stays where it was refused', () => {
  const { ap, aim } = port(true, 0x102);
  aim(setup.packedByte, 0x100);
  expect([ap.read(drw), ap.read(tar)]).toEqual([undefined, 0x102]);
  aim(setup.packedByte, 0x100);
  expect([ap.write(drw, 0), ap.read(tar)]).toEqual([false, 0x102]);
});
