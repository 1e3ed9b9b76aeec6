// The machine code of an executable as objdump of the build's toolchain reads it: instructions in
// order, and the words of literal pools.

import { execFileSync } from 'node:child_process';

export interface Instruction {
  readonly address: number;
  /** Without the suffix for its width: `ldr`, `bl`. */
  readonly mnemonic: string;
  readonly operands: string;
  /** Address of the instruction after it. */
  readonly next: number;
}

export interface Disassembly {
  /** By address. */
  readonly instructions: readonly Instruction[];
  /** Address to word, of data in the code. */
  readonly words: ReadonlyMap<number, number>;
}

const line = /^\s*([0-9a-f]+):\t(\S+)(?:\t([^@\n]*))?/;

export function disassemble(elf: string): Disassembly {
  const text = execFileSync('arm-none-eabi-objdump', ['--disassemble', '--no-show-raw-insn', elf], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const rows = text
    .split('\n')
    .map((row) => line.exec(row))
    .filter((match) => match !== null)
    .map(([, address, mnemonic, operands = '']) => ({
      address: Number.parseInt(address!, 16),
      mnemonic: mnemonic!.replace(/\.[nw]$/, ''),
      operands: operands.trim(),
    }));
  const words = new Map<number, number>();
  for (const { address, mnemonic, operands } of rows)
    if (mnemonic === '.word') words.set(address, Number(operands));
  const instructions = rows
    .map((row, i) => ({ ...row, next: rows[i + 1]?.address ?? row.address + 2 }))
    .filter(({ mnemonic }) => !mnemonic.startsWith('.'));
  return { instructions, words };
}

/** Where a call of a function leads; undefined for another instruction. */
export function calledBy({ mnemonic, operands }: Instruction): number | undefined {
  const target = mnemonic === 'bl' ? /^([0-9a-f]+) </.exec(operands)?.[1] : undefined;
  return target === undefined ? undefined : Number.parseInt(target, 16);
}

/** Names that objdump has for registers beside r0 to r9. */
const register = /r\d+|sl|fp|ip/.source;
const named: Readonly<Record<string, number>> = { sl: 10, fp: 11, ip: 12 };
const numberOf = (name: string): number => named[name] ?? Number(name.slice(1));

/** LDR of a word; in an IT block it carries its condition. */
const loadsWord = (mnemonic: string): boolean =>
  /^ldr(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?$/.test(mnemonic);

/** A load of a word from memory: `ldr r2, [r3, #8]`. */
export function loadBy({
  mnemonic,
  operands,
}: Instruction): { to: number; base: number; offset: number } | undefined {
  if (!loadsWord(mnemonic)) return undefined;
  const match = new RegExp(`^(${register}), \\[(${register})(?:, #(\\d+))?\\]$`).exec(operands);
  if (match === null) return undefined;
  return { to: numberOf(match[1]!), base: numberOf(match[2]!), offset: Number(match[3] ?? 0) };
}

/** A load of a literal: `ldr r3, [pc, #48]`; the register and the place of the literal. */
export function literalBy({
  address,
  mnemonic,
  operands,
}: Instruction): { to: number; place: number } | undefined {
  if (!loadsWord(mnemonic)) return undefined;
  const match = new RegExp(`^(${register}), \\[pc, #(-?\\d+)\\]$`).exec(operands);
  if (match === null) return undefined;
  // The program counter reads as four bytes on, of a multiple of four (Armv6-M ARM, A4.2.1).
  return { to: numberOf(match[1]!), place: ((address + 4) & ~3) + Number(match[2]) };
}
