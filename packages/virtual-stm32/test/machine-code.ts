// Machine code for tests: built with arm-none-eabi-gcc, read as ELF segments,
// programmed through the debug port.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { VirtualChip } from '../src/chip/virtual-chip.ts';

export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Segments of an ELF file as they are stored: bytes at their physical addresses. */
export function elfSegments(file: Uint8Array): Segment[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const start = view.getUint32(28, true);
  const size = view.getUint16(42, true);
  return Array.from({ length: view.getUint16(44, true) }, (_, i) => start + i * size)
    .filter((at) => view.getUint32(at, true) === 1 && view.getUint32(at + 16, true) > 0)
    .map((at) => {
      const offset = view.getUint32(at + 4, true);
      const bytes = new Uint8Array(file.slice(offset, offset + view.getUint32(at + 16, true)));
      return { address: view.getUint32(at + 12, true), bytes };
    });
}

/** Runs a program of the tool chain in a folder. */
export function build(program: string, args: readonly string[], folder: string): void {
  execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

export const workFolder = (): string => mkdtempSync(join(tmpdir(), 'firmseal-thumb-'));

/** The example panel from its own sources and build script. */
export function buildPanel(file: 'panel.elf' | 'panel-above-agent.elf'): Segment[] {
  const folder = workFolder();
  cpSync(fileURLToPath(new URL('../../../examples/stm32f427-panel/', import.meta.url)), folder, {
    recursive: true,
  });
  execFileSync('sh', ['build.sh', folder], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, NODE: process.execPath },
  });
  return elfSegments(readFileSync(join(folder, file)));
}

/**
 * Erases the units of the segments and programs them through the debug port, then
 * lets go of it by a power cycle.
 */
export function programSegments(chip: VirtualChip, segments: readonly Segment[]): void {
  chip.powerOn();
  if (chip.debug.connect() !== 'connected') throw new Error('no debug port');
  const { unitBytes } = chip.chip.write;
  for (const { address, bytes } of segments) {
    const padded = new Uint8Array(Math.ceil(bytes.length / unitBytes) * unitBytes).fill(0xff);
    padded.set(bytes);
    const status = chip.debug.programFlash(address, padded);
    if (status !== 'ok') throw new Error(`programming ${address.toString(16)}: ${status}`);
  }
  chip.powerOff();
}
