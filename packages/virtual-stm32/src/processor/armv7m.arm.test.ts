// The core of ARMv7-M beside QEMU's Cortex-M4: one program of seeded instructions runs on both, and what each
// instruction left in registers, flags and memory has to be the same.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../../../../tools/toolchain.ts';
import { makeCases, programOf, resultBytes, scratchBytes, uart } from '../../test/armv7m-cases.ts';
import { build, elfSegments, workFolder } from '../../test/machine-code.ts';
import { Armv7mInstructions } from './armv7m-core.ts';
import { BreakInstruction, clearCore, createThumbCore } from './thumb-core.ts';

const canRun = hasTool('arm-none-eabi-gcc') && hasTool('qemu-system-arm');
const count = Number(process.env['FIRMSEAL_CORE_CASES'] ?? 3000);
const ramStart = 0x2000_0000;

/** Code at 0, RAM, and a UART that takes all. */
class Board {
  readonly code = new DataView(new ArrayBuffer(4 << 20));
  readonly ram = new DataView(new ArrayBuffer(4 << 20));
  readonly sent: number[] = [];

  #at(address: number): [DataView, number] {
    const { code, ram } = this;
    return address >= ramStart ? [ram, address - ramStart] : [code, address];
  }
  readUint32(signed: number): number {
    const address = signed >>> 0;
    if (address === uart.state) return 0;
    const [memory, at] = this.#at(address);
    return memory.getUint32(at, true);
  }
  readUint16(signed: number): number {
    const [memory, at] = this.#at(signed >>> 0);
    return memory.getUint16(at, true);
  }
  readUint8(signed: number): number {
    const [memory, at] = this.#at(signed >>> 0);
    return memory.getUint8(at);
  }
  writeUint32(signed: number, value: number): void {
    const address = signed >>> 0;
    if (address === uart.data) this.sent.push(value & 0xff);
    if (address >= uart.data && address <= uart.control) return;
    const [memory, at] = this.#at(address);
    memory.setUint32(at, value, true);
  }
  writeUint16(signed: number, value: number): void {
    const [memory, at] = this.#at(signed >>> 0);
    memory.setUint16(at, value, true);
  }
  writeUint8(signed: number, value: number): void {
    const [memory, at] = this.#at(signed >>> 0);
    memory.setUint8(at, value);
  }
}

function runHere(elf: Uint8Array): Uint8Array {
  const board = new Board();
  for (const { address, bytes } of elfSegments(elf)) new Uint8Array(board.code.buffer).set(bytes, address);
  const core = createThumbCore(board);
  new Armv7mInstructions(core, board);
  clearCore(core);
  core.SP = board.readUint32(0);
  core.PC = board.readUint32(4) & ~1;
  try {
    for (;;) core.executeInstruction();
  } catch (error) {
    if (!(error instanceof BreakInstruction)) throw error;
  }
  return Uint8Array.from(board.sent);
}

describe.skipIf(!canRun)('ARMv7-M', () => {
  const cases = makeCases('armv7-m', count);
  let here: DataView;
  let there: DataView;
  beforeAll(() => {
    const folder = workFolder();
    writeFileSync(join(folder, 'cases.S'), programOf(cases));
    const flags = ['-mcpu=cortex-m4', '-mthumb', '-nostdlib', '-Wl,-e,start', '-Wl,-n', '-Wl,-Ttext=0'];
    build('arm-none-eabi-gcc', [...flags, 'cases.S', '-o', 'cases.elf'], folder);
    here = new DataView(runHere(readFileSync(join(folder, 'cases.elf'))).buffer);
    const board = ['-M', 'mps2-an386', '-display', 'none', '-monitor', 'none', '-semihosting'];
    const ran = spawnSync('qemu-system-arm', [...board, '-serial', 'file:serial', '-kernel', 'cases.elf'], {
      cwd: folder,
      timeout: 120_000,
    });
    expect([ran.status, String(ran.stderr)]).toEqual([0, '']);
    there = new DataView(new Uint8Array(readFileSync(join(folder, 'serial'))).buffer);
  });

  test('every instruction leaves what it leaves on QEMU', () => {
    expect(here.byteLength).toBe((resultBytes + scratchBytes) * cases.length);
    expect(there.byteLength).toBe(here.byteLength);
    const wrong: unknown[] = [];
    for (const [i, { text, inputs }] of cases.entries()) {
      const words = (view: DataView) => {
        const registers = Array.from({ length: 14 }, (_, k) => view.getUint32(resultBytes * i + 4 * k, true));
        registers[13]! &= 0xf000_0000; // the flag Q and the flags of the DSP instructions are not kept
        const memory = Array.from({ length: scratchBytes / 4 }, (_, k) =>
          view.getUint32(resultBytes * cases.length + scratchBytes * i + 4 * k, true),
        );
        return [...registers, ...memory].map((word) => (word >>> 0).toString(16)).join(' ');
      };
      if (words(here) !== words(there))
        wrong.push({
          text,
          inputs: inputs.map((one) => one.toString(16)).join(' '),
          here: words(here),
          there: words(there),
        });
    }
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});
