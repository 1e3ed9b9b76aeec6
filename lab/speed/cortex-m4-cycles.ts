// Cycles of a Cortex-M4 for an instruction that it executed: Arm DDI 0439 (Cortex-M4 Technical Reference
// Manual), table 3-1, without wait states. An estimate: where the table gives a range this takes the middle
// for branches (the pipeline is filled again in 1 to 3 cycles) and the end for divisions, and of overlapping
// it knows that a load behind a load or store takes one cycle. On top, wait states of the F427's flash for
// constants: its data cache is off, its instruction cache on.

export interface Instruction {
  readonly address: number;
  /** As objdump writes it, without `.w` and `.n`. */
  readonly name: string;
  readonly operands: string;
  readonly sizeBytes: number;
}

const refill = 2;
const divisionMost = 12;
/** FLASH_ACR of port/stm32f4/clock.c: 5 wait states at 168 MHz. */
const waitStates = 5;

const conditions = '(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?';
const is = (pattern: string) => new RegExp(`^${pattern}${conditions}$`);
const branch = /^(b|bl|bx|blx|cbz|cbnz)(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?$/;
const single = is('(ldr|ldrb|ldrh|ldrsb|ldrsh)');
const store = is('(str|strb|strh)');
const double = is('(ldrd|strd)');
const multiple = is('(push|pop|ldmia|ldmdb|ldm|stmia|stmdb|stm)');
const division = is('(udiv|sdiv)');
const barrier = /^(dsb|isb|dmb)$/;
const table = /^tb[bh]$/;

const registersIn = (operands: string): number => {
  const list = /\{([^}]*)\}/.exec(operands)?.[1] ?? '';
  return list === '' ? 0 : list.split(',').length;
};

/** `next`: address of the instruction executed after it; `before`: the one executed ahead of it. */
export function cortexM4Cycles(
  { address, name, operands, sizeBytes }: Instruction,
  next: number,
  before: Instruction | undefined,
): number {
  const left = next === address + sizeBytes ? 0 : refill;
  if (branch.test(name)) return 1 + left;
  if (table.test(name)) return 2 + left;
  if (single.test(name)) {
    const follows = before !== undefined && (single.test(before.name) || store.test(before.name));
    return (follows ? 1 : 2) + (operands.includes('[pc') ? waitStates : 0) + left;
  }
  if (store.test(name)) return 1;
  if (double.test(name)) return 3;
  if (multiple.test(name)) return 1 + registersIn(operands) + left;
  if (division.test(name)) return divisionMost;
  if (barrier.test(name)) return 4;
  return 1;
}

const line = /^\s*([0-9a-f]+):\s+([a-z][a-z0-9]*)(?:\.[nw])?\s*(.*)$/;

/** From `objdump -d --no-show-raw-insn`, by address. */
export function readDisassembly(text: string): Map<number, Instruction> {
  const found = text
    .split('\n')
    .map((row) => line.exec(row))
    .filter((match) => match !== null)
    .map(([, address, name, operands]) => ({
      address: Number.parseInt(address!, 16),
      name: name!,
      operands: operands!,
    }));
  return new Map(
    found.map((instruction, i) => {
      const distance = (found[i + 1]?.address ?? 0) - instruction.address;
      return [instruction.address, { ...instruction, sizeBytes: distance === 2 ? 2 : 4 }];
    }),
  );
}
