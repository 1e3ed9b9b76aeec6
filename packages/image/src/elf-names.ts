// What values in an ELF header stand for, in words: for an error that says what a file is. Values: System V
// ABI, chapter 4, and its registry of machines.

const names: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  class: { 2: '64-bit' },
  'byte order': { 2: 'big-endian' },
  type: {
    1: 'relocatable object',
    3: 'shared object or position-independent program',
    4: 'core dump',
  },
  machine: {
    3: 'Intel 386',
    4: 'Motorola 68000',
    8: 'MIPS',
    20: 'PowerPC',
    42: 'SuperH',
    62: 'x86-64',
    83: 'AVR',
    94: 'Xtensa',
    105: 'MSP430',
    183: 'AArch64',
    195: 'ARC',
    243: 'RISC-V',
    258: 'LoongArch',
  },
};

/** `RISC-V (243)`, or the number where it has no name here. */
export function elfValueName(field: string, value: number): string {
  const name = names[field]?.[value];
  return name === undefined ? String(value) : `${name} (${value})`;
}
