// An application in machine code that erases erase units by the registers of the flash controller,
// and then greets nobody: what the EEPROM emulation of an application does by mistake, or an
// attacker's application on purpose.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import type { EraseUnit } from '@firmseal/chips';
import { readImage } from '@firmseal/image';
import { runTool } from '../../../tools/toolchain.ts';

/**
 * Offsets of key, status and control register, and how a control word names a unit: RM0090 3.9, RM0444 3.7.
 */
const controllers = {
  stm32f427: {
    ...{ base: 0x4002_3c00, key: 0x04, status: 0x0c, control: 0x10 },
    word: ({ eraseCode }: EraseUnit) => 0x202 | (eraseCode << 3),
  },
  stm32g0b1: {
    ...{ base: 0x4002_2000, key: 0x08, status: 0x10, control: 0x14 },
    word: ({ eraseCode, bank }: EraseUnit) => 0x2 | (eraseCode << 3) | (bank === 2 ? 1 << 13 : 0),
  },
} as const;

export type ErasingChip = keyof typeof controllers;

/** Linked for that address; erases the units one after the other, whatever the controller says, and stays. */
export function erasingApplication(
  chipId: ErasingChip,
  linkStart: number,
  units: readonly EraseUnit[],
): Bytes {
  const { base, key, status, control, word } = controllers[chipId];
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-eraser-'));
  try {
    writeFileSync(
      join(folder, 'application.S'),
      `.syntax unified
.cpu cortex-m0plus
.thumb
.word 0x20001000, start + 1
.fill 126, 4, 0
start:
  ldr r0, =${base}
  ldr r1, =0x45670123
  str r1, [r0, #${key}]
  ldr r1, =0xcdef89ab
  str r1, [r0, #${key}]
  ldr r4, =words
next:
  ldr r1, [r4]
  adds r4, #4
  cmp r1, #0
  beq stay
  ldr r2, =0xf3
  str r2, [r0, #${status}]
  str r1, [r0, #${control}]
  ldr r2, =0x10000
  orrs r1, r2
  str r1, [r0, #${control}]
1: ldr r1, [r0, #${status}]
  lsrs r1, #17
  bcs 1b
  b next
stay: b stay
.pool
.balign 4
words: .word ${[...units.map(word), 0].join(', ')}
`,
    );
    const flags = ['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,0'];
    const place = `-Wl,-Ttext=0x${linkStart.toString(16)}`;
    runTool('arm-none-eabi-gcc', [...flags, place, 'application.S', '-o', 'application.elf'], folder);
    const [segment] = readImage(readFileSync(join(folder, 'application.elf'))).segments;
    const padded = new Uint8Array(Math.ceil(segment!.bytes.length / 32) * 32).fill(0xff);
    padded.set(segment!.bytes);
    return padded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
