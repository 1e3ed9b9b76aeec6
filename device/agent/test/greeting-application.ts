// An application of a few instructions for the machine-code tests: it greets on USART1 and stays.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { readImage } from '@firmseal/image';
import { runTool } from '../../../tools/toolchain.ts';
import { pattern } from './trusted-site.ts';

/** What the application of that chip says. */
export const greetingOf = (chipId: string): string => `firmseal application of ${chipId}\r\n`;

/**
 * Vector table, then code that opens USART1 in the later layout, greets when there is
 * room for a letter, and stays. Compiled in `folder`.
 */
export function greetingApplication(chipId: string, linkStart: number, folder: string): Bytes {
  const usart = { stm32h743: 0x4001_1000, stm32g0b1: 0x4001_3800, stm32u575: 0x4001_3800 }[chipId]!;
  const name = join(folder, chipId);
  writeFileSync(
    `${name}.S`,
    `.syntax unified
.cpu cortex-m0plus
.thumb
.word 0x20001000, start + 1
.fill 46, 4, 0
start:
  ldr r0, =${usart}
  movs r1, #9
  str r1, [r0]
  ldr r2, =greeting
1: ldrb r1, [r2]
  cmp r1, #0
  beq 3f
2: ldr r3, [r0, #0x1c]
  lsls r3, #24
  bpl 2b
  str r1, [r0, #0x28]
  adds r2, #1
  b 1b
3: b 3b
.pool
greeting: .asciz "firmseal application of ${chipId}\\r\\n"
`,
  );
  const common = ['-mcpu=cortex-m0plus', '-mthumb', '-nostdlib', '-Wl,-n', '-Wl,-e,0'];
  runTool(
    'arm-none-eabi-gcc',
    [...common, `-Wl,-Ttext=0x${linkStart.toString(16)}`, `${name}.S`, '-o', `${name}.elf`],
    folder,
  );
  const [segment] = readImage(readFileSync(`${name}.elf`)).segments;
  const whole = pattern(1024, 9);
  whole.set(segment!.bytes);
  return whole;
}
