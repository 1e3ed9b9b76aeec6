// Seeded instructions of ARMv7-M for a comparison with another core: each on random registers and
// flags, and where it moves data on a piece of memory of its own. As text for the assembler, and
// what a program needs around them.

import { SeededRandom } from '../src/silicon/random.ts';

/** Where the program puts what the cases leave: 14 words each, registers r0 to r12 and the flags. */
const resultsStart = 0x2000_0000;
export const resultBytes = 56;
/** A piece of memory for each case, in whose middle r8 points. */
const scratchStart = 0x2010_0000;
export const scratchBytes = 128;
/** CMSDK UART of the board (DDI 0479, 4.3): data, state, control. */
export const uart = { data: 0x4000_4000, state: 0x4000_4004, control: 0x4000_4008 } as const;

export interface Case {
  readonly text: string;
  /** Flags, then r0 to r12. */
  readonly inputs: readonly number[];
}

/** Values that carries, signs and shifts depend on, among random ones. */
const edges = [0, 1, 0xffff_ffff, 0x7fff_ffff, 0x8000_0000, 0x8000, 0xff, 31, 32, 33];

class Maker {
  readonly #random: SeededRandom;

  constructor(seed: string) {
    this.#random = new SeededRandom(seed);
  }

  below = (bound: number): number => this.#random.below(bound);
  one = <T>(of: readonly T[]): T => of[this.below(of.length)]!;
  bits = (count: number): number => this.below(2 ** count);
  /** r0 to r7, r9 to r12: not the base of memory, stack, link, program counter. */
  high = (): number => this.one([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]);
  low = (): number => this.below(8);
  value = (): number => (this.below(3) === 0 ? this.one(edges) : this.#random.word());
  narrow = (opcode: number): string => `.inst.n 0x${opcode.toString(16)}`;
  #wideOf = (first: number, second: number): string =>
    `.inst.w 0x${(((first << 16) >>> 0) + second).toString(16)}`;

  narrowData(): string {
    const kinds = [
      () => this.below(0x1800),
      () => 0x1800 + this.below(0x800),
      () => 0x2000 + this.below(0x2000),
      () => 0x4000 + this.below(0x400),
      () => 0xb200 + this.below(0x100),
      () => 0xba00 + this.one([0, 0x40, 0xc0]) + this.bits(6),
      () => {
        const [to, from] = [this.high(), this.high()];
        return 0x4400 + this.one([0, 0x200]) + ((to & 8) << 4) + (from << 3) + (to & 7);
      },
      () => 0x4500 + 0x80 + (this.one([9, 10, 11, 12]) << 3) + this.bits(3),
    ];
    return this.narrow(this.one(kinds)());
  }

  #operation(): { readonly first: number; readonly to: number } {
    const operation = this.one([0, 1, 2, 3, 4, 8, 10, 11, 13, 14]);
    const compares = [0, 4, 8, 13].includes(operation) && this.below(4) === 0;
    const moves = [2, 3].includes(operation) && this.below(2) === 0;
    const sets = compares ? 1 : this.bits(1);
    return {
      first: (operation << 5) | (sets << 4) | (moves ? 15 : this.high()),
      to: compares ? 15 : this.high(),
    };
  }

  shifted(): string {
    const { first, to } = this.#operation();
    const [by, kind] = [this.bits(5), this.bits(2)];
    return this.#wideOf(
      0xea00 | first,
      ((by & 0x1c) << 10) | (to << 8) | ((by & 3) << 6) | (kind << 4) | this.high(),
    );
  }

  constant(): string {
    const { first, to } = this.#operation();
    return this.#wideOf(
      0xf000 | (this.bits(1) << 10) | first,
      (this.bits(3) << 12) | (to << 8) | (this.one([this.bits(8), 1 + this.below(255)]) || 1),
    );
  }

  plain(): string {
    const [from, to] = [this.high(), this.high()];
    const [a, b] = [this.below(32), this.below(32)];
    const [least, most] = a < b ? [a, b] : [b, a];
    const split = (bits: number) => ((bits & 0x1c) << 10) | ((bits & 3) << 6);
    const twelve = (this.bits(3) << 12) | this.bits(8);
    const i = this.bits(1) << 10;
    return this.one([
      () => this.#wideOf(0xf200 | i | from, twelve | (to << 8)),
      () => this.#wideOf(0xf2a0 | i | from, twelve | (to << 8)),
      () => this.#wideOf(0xf240 | i | this.bits(4), twelve | (to << 8)),
      () => this.#wideOf(0xf2c0 | i | this.bits(4), twelve | (to << 8)),
      () => this.#wideOf(0xf340 | from, split(least) | (to << 8) | this.below(32 - least)),
      () => this.#wideOf(0xf3c0 | from, split(least) | (to << 8) | this.below(32 - least)),
      () => this.#wideOf(0xf360 | this.one([from, 15]), split(least) | (to << 8) | most),
      () => this.#wideOf(this.one([0xf300, 0xf380]) | from, split(a) | (to << 8) | b),
      () => this.#wideOf(this.one([0xf320, 0xf3a0]) | from, split(a || 1) | (to << 8) | b),
    ])();
  }

  registers(): string {
    const [a, b, to] = [this.high(), this.high(), this.high()];
    return this.one([
      () => this.#wideOf(0xfa00 | (this.bits(3) << 4) | a, 0xf000 | (to << 8) | b),
      () =>
        this.#wideOf(
          0xfa00 | (this.one([0, 1, 4, 5]) << 4) | this.one([a, 15]),
          0xf080 | (to << 8) | (this.bits(2) << 4) | b,
        ),
      () => this.#wideOf(0xfa90 | b, 0xf080 | (to << 8) | (this.bits(2) << 4) | b),
      () => this.#wideOf(0xfab0 | b, 0xf080 | (to << 8) | b),
    ])();
  }

  multiply(): string {
    const [a, b, to] = [this.high(), this.high(), this.high()];
    const other = this.one([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12].filter((one) => one !== to));
    return this.one([
      () => this.#wideOf(0xfb00 | a, (this.one([other, 15]) << 12) | (to << 8) | b),
      () => this.#wideOf(0xfb00 | a, (other << 12) | (to << 8) | 0x10 | b),
      () => this.#wideOf(0xfb10 | a, (this.one([other, 15]) << 12) | (to << 8) | (this.bits(2) << 4) | b),
      () => this.#wideOf(this.one([0xfb80, 0xfba0, 0xfbc0, 0xfbe0]) | a, (other << 12) | (to << 8) | b),
      () => this.#wideOf(0xfbe0 | a, (other << 12) | (to << 8) | 0x60 | b),
      () => this.#wideOf(this.one([0xfb90, 0xfbb0]) | a, 0xf0f0 | (to << 8) | b),
    ])();
  }

  /** By r8, in the middle of the case's memory. */
  memory(): string {
    const to = this.high();
    const kind = this.one(['ldr', 'ldrb', 'ldrh', 'ldrsb', 'ldrsh', 'str', 'strb', 'strh']);
    const index = this.one([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12].filter((one) => one !== to));
    const offset = this.below(61);
    const way = this.one([
      `[r8, #${offset}]`,
      `[r8, #-${offset}]`,
      `[r8, #${offset}]!`,
      `[r8], #-${offset}`,
      `[r8, r${index}, lsl #${this.below(3)}]`,
    ]);
    const small = way.includes('lsl') ? `and r${index}, r${index}, #15; ` : '';
    return `${small}${kind}.w r${to}, ${way}`;
  }

  several(): string {
    const four = 4 * this.below(12);
    const other = this.one([9, 10, 11, 12]);
    const list = [this.below(2), 2 + this.below(2), 4 + this.below(3), 9 + this.below(2), 11];
    const registers = list.map((register) => `r${register}`).join(', ');
    return this.one([
      `${this.one(['ldrd', 'strd'])} r${this.low()}, r${other}, [r8, #${this.one(['', '-'])}${four}]${this.one(['', '!'])}`,
      `${this.one(['ldrd', 'strd'])} r${this.low()}, r${other}, [r8], #${four}`,
      `${this.one(['ldmia', 'ldmdb', 'stmia', 'stmdb'])}.w r8${this.one(['', '!'])}, {${registers}}`,
      `mov sp, r8; push {r0, r3, r7, lr}; pop {r1, r2, r4, lr}; mov r5, sp; sub r5, r8`,
      `mov r6, r8; ${this.one(['ldm', 'stm'])} r6!, {r1, r2, r5}; sub r6, r8`,
      `mov sp, r8; str r3, [sp, #8]; ldr r4, [sp, #4]; sub sp, #12; add r5, sp, #8; sub r5, r8`,
      `ldrex r1, [r8]; strex r2, r3, [r8]; strex r4, r5, [r8]`,
      `mov r6, r8; ldrh r1, [r6, #2]; strb r2, [r6, #5]; ldrsb r3, [r6, r7]; sub r6, r8`.replace(
        'ldrsb',
        'movs r7, #3; ldrsb',
      ),
    ]);
  }

  /** One to four instructions under a condition and its opposite. */
  block(): string {
    const others = this.one(['', 't', 'e', 'tt', 'te', 'et', 'ee', 'tet', 'eet', 'tte']);
    const condition = this.below(14);
    const mask = [...others].reduce((bits, one) => bits * 2 + ((condition & 1) ^ (one === 'e' ? 1 : 0)), 0);
    const lowest = 3 - others.length;
    const it = 0xbf00 | (condition << 4) | (((mask << 1) | 1) << lowest);
    const within = () =>
      this.one([
        () => this.narrowData(),
        () => this.shifted(),
        () => this.constant(),
        () => this.multiply(),
      ])();
    return [this.narrow(it), ...Array.from({ length: 1 + others.length }, within)].join('; ');
  }

  branch(): string {
    const condition = this.one([
      'eq',
      'ne',
      'cs',
      'cc',
      'mi',
      'pl',
      'vs',
      'vc',
      'hi',
      'ls',
      'ge',
      'lt',
      'gt',
      'le',
    ]);
    const width = this.one(['.n', '.w']);
    return this.one([
      `b${condition}${width} 1f; movs r1, #1; 1: adds r2, #1`,
      `${this.one(['cbz', 'cbnz'])} r${this.low()}, 1f; movs r1, #1; nop; 1: adds r2, #1`,
      `b${width} 1f; movs r1, #1; 1: adds r2, #1`,
      `mov r6, lr; bl 1f; movs r1, #1; b 2f; 1: adds r3, #7; bx lr; 2: mov lr, r6`,
      `mov r6, lr; adr r5, 1f; adds r5, #1; blx r5; b 2f; .balign 4; 1: adds r3, #9; bx lr; 2: mov lr, r6; movs r5, #0`,
      `and r4, #3; tbb [pc, r4]; 9: .byte (1f-9b)/2, (2f-9b)/2, (3f-9b)/2, (1f-9b)/2; 1: adds r1, #1; 2: adds r1, #2; 3: adds r1, #4`,
      `and r4, #3; tbh [pc, r4, lsl #1]; 9: .hword (1f-9b)/2, (2f-9b)/2, (3f-9b)/2, (1f-9b)/2; 1: adds r1, #1; 2: adds r1, #2; 3: adds r1, #4`,
      `adr r5, 1f; ldr.w r6, [r5]; ldr r7, 1f; b 2f; .balign 4; 1: .word 0x89abcdef; 2: movs r5, #0`,
    ]);
  }
}

/** `count` cases of all kinds. */
export function makeCases(seed: string, count: number): Case[] {
  const make = new Maker(seed);
  const kinds = [
    () => make.narrowData(),
    () => make.shifted(),
    () => make.constant(),
    () => make.plain(),
    () => make.registers(),
    () => make.multiply(),
    () => make.memory(),
    () => make.several(),
    () => make.block(),
    () => make.branch(),
  ];
  return Array.from({ length: count }, (_, i) => {
    const inputs = [(make.bits(4) << 28) >>> 0, ...Array.from({ length: 13 }, make.value)];
    const middle = scratchStart + scratchBytes * i + scratchBytes / 2;
    inputs[9] = middle;
    return { text: kinds[i % kinds.length]!(), inputs };
  });
}

const immediate = (register: string, value: number): string =>
  `movw ${register}, #${value & 0xffff}; movt ${register}, #${value >>> 16}`;

/** The whole program: the cases, then all that they left to the UART, then the end. */
export function programOf(cases: readonly Case[]): string {
  const words = (values: readonly number[]) => `.word ${values.map((value) => value >>> 0).join(', ')}`;
  const sendFrom = (start: number, sizeBytes: number) => [
    immediate('r0', start),
    immediate('r1', start + sizeBytes),
    immediate('r2', uart.data),
    '1: ldr r3, [r2, #4]; lsls r3, #31; bmi 1b; ldrb r3, [r0], #1; str r3, [r2]; cmp r0, r1; blo 1b',
  ];
  return [
    '.syntax unified',
    '.cpu cortex-m4',
    '.thumb',
    '.global start',
    '.word 0x203ff000, start + 1',
    '.space 248',
    '.thumb_func',
    'start:',
    immediate('r0', uart.control),
    'movs r1, #1; str r1, [r0]',
    immediate('r0', scratchStart),
    immediate('r1', scratchStart + scratchBytes * cases.length),
    immediate('r2', 0x9e37_79b1),
    '1: mul r3, r0, r2; eor r3, r3, r3, lsr #15; str r3, [r0], #4; cmp r0, r1; blo 1b',
    ...cases.flatMap(({ text }, i) => [
      `adr.w lr, inputs${i}; ldr r0, [lr], #4; msr apsr_nzcvq, r0; ldm lr, {r0-r12}; b run${i}`,
      '.balign 4',
      `inputs${i}: ${words(cases[i]!.inputs)}`,
      `run${i}: ${text}`,
      `${immediate('lr', resultsStart + resultBytes * i)}; stm lr!, {r0-r12}; mrs r0, apsr; str r0, [lr]`,
    ]),
    ...sendFrom(resultsStart, resultBytes * cases.length),
    ...sendFrom(scratchStart, scratchBytes * cases.length),
    // Semihosting: SYS_EXIT, application exit.
    immediate('r1', 0x20026),
    'movs r0, #0x18; bkpt #0xab',
    'b .',
    '',
  ].join('\n');
}
