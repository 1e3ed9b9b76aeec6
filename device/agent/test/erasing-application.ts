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
 * Offsets of key, status and control register, the status bits that a write of 1 clears, the control word of
 * a program, and how one names a unit: RM0090 3.9, RM0444 3.7. Bits 16 to 18 of the status say busy (F4: 16).
 */
const controllers = {
  stm32f427: {
    ...{ base: 0x4002_3c00, key: 0x04, status: 0x0c, control: 0x10, errors: 0xf3, program: 0x201 },
    word: ({ eraseCode }: EraseUnit) => 0x202 | (eraseCode << 3),
  },
  stm32g0b1: {
    ...{ base: 0x4002_2000, key: 0x08, status: 0x10, control: 0x14, errors: 0x3fb, program: 0x1 },
    word: ({ eraseCode, bank }: EraseUnit) => 0x2 | (eraseCode << 3) | (bank === 2 ? 1 << 13 : 0),
  },
} as const;

export type ErasingChip = keyof typeof controllers;

/** What the application leaves at the start of each unit that it writes. */
export const leftBehind = new Uint8Array(32).fill(0x5a);

/** The work is copied to RAM first, so that it outlives the erase unit that it was stored in. */
const ramStart = 0x2000_2000;

/**
 * Linked for that address; erases the units one after the other, with `writes` programs `leftBehind` at the
 * start of each, whatever the controller says, and stays.
 */
export function erasingApplication(
  chipId: ErasingChip,
  linkStart: number,
  units: readonly EraseUnit[],
  { writes = false } = {},
): Bytes {
  const { base, key, status, control, errors, program, word } = controllers[chipId];
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-eraser-'));
  const rows = [...units.flatMap((unit) => [word(unit), unit.addressStart]), 0, 0];
  const write = `
  ldr r1, =${program}
  str r1, [r0, #${control}]
  ldr r6, =0x5a5a5a5a
  movs r7, #4
again:
  str r6, [r5]
  str r6, [r5, #4]
  adds r5, #8
1: ldr r1, [r0, #${status}]
  lsrs r1, #16
  movs r2, #7
  tst r1, r2
  bne 1b
  subs r7, #1
  bne again`;
  try {
    writeFileSync(
      join(folder, 'application.S'),
      `.syntax unified
.cpu cortex-m0plus
.thumb
.word 0x20001000, start + 1
.fill 126, 4, 0
start:
  ldr r0, =work
  ldr r1, =work_end
  ldr r2, =${ramStart}
1: ldr r3, [r0]
  str r3, [r2]
  adds r0, #4
  adds r2, #4
  cmp r0, r1
  bcc 1b
  ldr r2, =${ramStart + 1}
  bx r2
.pool
.balign 4
work:
  ldr r0, =${base}
  ldr r1, =0x45670123
  str r1, [r0, #${key}]
  ldr r1, =0xcdef89ab
  str r1, [r0, #${key}]
  adr r4, words
next:
  ldr r1, [r4]
  ldr r5, [r4, #4]
  adds r4, #8
  cmp r1, #0
  beq stay
  ldr r2, =${errors}
  str r2, [r0, #${status}]
  str r1, [r0, #${control}]
  ldr r2, =0x10000
  orrs r1, r2
  str r1, [r0, #${control}]
1: ldr r1, [r0, #${status}]
  lsrs r1, #16
  movs r2, #7
  tst r1, r2
  bne 1b
  ldr r2, =${errors}
  str r2, [r0, #${status}]${writes ? write : ''}
  b next
stay: b stay
.pool
.balign 4
words: .word ${rows.join(', ')}
work_end:
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
