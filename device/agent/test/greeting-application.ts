// An application of a few instructions for the machine-code tests: it greets on USART1 and stays.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '@firmseal/bytes';
import { readImage } from '@firmseal/image';
import { runTool } from '../../../tools/toolchain.ts';
import { pattern } from './trusted-site.ts';

/** What the application of that chip says. */
export const greetingOf = (chipId: string): string => `firmseal application of ${chipId}\r\n`;

/** USART1: its registers, and the word that turns its transmitter on: the layout of F4, or the later one. */
function usartOf(chipId: string) {
  if (chipId.startsWith('stm32f4'))
    return { addressStart: 0x4001_1000, control: 0x0c, status: 0, send: 4, on: 0x2008 };
  const addressStart = chipId === 'stm32h743' ? 0x4001_1000 : 0x4001_3800;
  return { addressStart, control: 0, status: 0x1c, send: 0x28, on: 9 };
}

/**
 * Vector table, then code that opens USART1, greets when there is
 * room for a letter, and stays. Compiled in `folder`.
 */
export function greetingApplication(chipId: string, linkStart: number, folder: string): Bytes {
  const usart = usartOf(chipId);
  const name = join(folder, chipId);
  writeFileSync(
    `${name}.S`,
    `.syntax unified
.cpu cortex-m0plus
.thumb
.word 0x20001000, start + 1
.fill 46, 4, 0
start:
  ldr r0, =${usart.addressStart}
  ldr r1, =${usart.on}
  str r1, [r0, #${usart.control}]
  ldr r2, =greeting
1: ldrb r1, [r2]
  cmp r1, #0
  beq 3f
2: ldr r3, [r0, #${usart.status}]
  lsls r3, #24
  bpl 2b
  str r1, [r0, #${usart.send}]
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
