import { describe, expect, test } from 'vitest';
import { cortexM4Cycles, readDisassembly } from './cortex-m4-cycles.ts';

const text = `
0000010c <f>:
     10c:\tpush\t{r3, r4, lr}
     10e:\tldr\tr3, [pc, #56]\t@ (148 <f+0x3c>)
     110:\tldr.w\tr2, [r3, #4]
     114:\tstr\tr2, [r3, #8]
     116:\tadds\tr4, #1
     118:\tbne.n\t110 <f+0x4>
     11a:\tudiv\tr0, r0, r1
     11e:\tldrd\tr0, r1, [r3]
     122:\tpop\t{r3, r4, pc}
`;
const code = readDisassembly(text);
const cycles = (address: number, next: number, before?: number) =>
  cortexM4Cycles(code.get(address)!, next, before === undefined ? undefined : code.get(before));

describe('cycles of a Cortex-M4', () => {
  test('reads names without widths, and lengths from the next address', () => {
    expect(code.get(0x110)).toMatchObject({ name: 'ldr', sizeBytes: 4 });
    expect(code.get(0x118)).toMatchObject({ name: 'bne', sizeBytes: 2 });
    expect(code.size).toBe(9);
  });

  test('are those of DDI 0439, table 3-1', () => {
    expect(cycles(0x10c, 0x10e)).toBe(4); // 1 + registers
    expect(cycles(0x110, 0x114)).toBe(2);
    expect(cycles(0x110, 0x114, 0x10e)).toBe(1); // behind another load
    expect(cycles(0x114, 0x116)).toBe(1);
    expect(cycles(0x118, 0x11a)).toBe(1); // not taken
    expect(cycles(0x118, 0x110)).toBe(3); // taken
    expect(cycles(0x11e, 0x122)).toBe(3);
    expect(cycles(0x122, 0x200)).toBe(6); // 1 + registers, and the pipeline
    expect(cycles(0x11a, 0x11e)).toBe(12); // at most
  });

  test('a constant out of flash waits for it', () => {
    expect(cycles(0x10e, 0x110)).toBe(7);
  });
});
