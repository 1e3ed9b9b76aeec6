// The readers against GNU binutils: files linked here, converted by objcopy, must read to the same segments.
// In a sample five random files instead of fifteen.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { runTool } from '../../../tools/toolchain.ts';
import { segmentLists } from '../test/segments.ts';
import { writeElf, writeHex, writeSrec } from '../test/writers.ts';
import type { FirmwareImage } from './firmware-image.ts';
import { readImage } from './read-image.ts';
import type { Segment } from './segment.ts';

const objcopy = 'arm-none-eabi-objcopy';
const folder = mkdtempSync(join(tmpdir(), 'firmseal-objcopy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const source = `
  .syntax unified
  .cpu cortex-m4
  .thumb
  .section .text, "ax"
  .global _start
_start: b _start
  .fill 4101, 1, 0xa5
  .section .rodata, "a"
  .fill 333, 1, 0x5a
  .section .data, "aw"
  .fill 77, 1, 0x3c
  .section .assets, "a"
  .fill 70001, 1, 0xc3
  .section .bss, "aw", %nobits
  .space 256
`;

interface Layout {
  text: number;
  dataLoad: string;
  assets: number;
  flags: string[];
}

const layouts: Record<string, Layout> = {
  'data right after text': {
    text: 0x08000000,
    dataLoad: 'LOADADDR(.rodata) + SIZEOF(.rodata)',
    assets: 0x08040000,
    flags: [],
  },
  'data elsewhere, assets below': { text: 0x08020000, dataLoad: '0x08030001', assets: 0x08000003, flags: [] },
  'ELF header in the first segment': {
    text: 0x08000200,
    dataLoad: '0x08008000',
    assets: 0x08040000,
    flags: [],
  },
  'no page alignment': { text: 0x08000200, dataLoad: '0x08008000', assets: 0x080fff00, flags: ['-n'] },
  'near the end of the address space': {
    text: 0xfffe0000,
    dataLoad: '0xffffffb3',
    assets: 0xfffea045,
    flags: ['-n'],
  },
};

function link(name: string, { text, dataLoad, assets, flags }: Layout): Uint8Array {
  writeFileSync(join(folder, 'a.s'), source);
  writeFileSync(
    join(folder, 'a.ld'),
    `ENTRY(_start) SECTIONS {
      .text ${text} : { *(.text) }
      .rodata : { *(.rodata) }
      .data 0x20000000 : AT(${dataLoad}) { *(.data) }
      .bss (NOLOAD) : { *(.bss) }
      .assets ${assets} : AT(${assets}) { *(.assets) } }`,
  );
  runTool('arm-none-eabi-as', ['-o', 'a.o', 'a.s'], folder);
  runTool('arm-none-eabi-ld', [...flags, '-T', 'a.ld', '-o', 'a.elf', 'a.o'], folder);
  const file = readFileSync(join(folder, 'a.elf'));
  expect(file.length, name).toBeGreaterThan(70_000);
  return file;
}

/** The file converted by objcopy. */
function convert(file: Uint8Array, from: string, to: string, ...flags: string[]): Uint8Array {
  writeFileSync(join(folder, 'in'), file);
  runTool(objcopy, ['-I', from, '-O', to, ...flags, 'in', 'out'], folder);
  return readFileSync(join(folder, 'out'));
}

/** From the first address to the last, gaps as zeros: objcopy's idea of a binary. */
function flatten(segments: readonly Segment[]): Segment {
  const address = segments[0]!.address;
  const last = segments.at(-1)!;
  const bytes = new Uint8Array(last.address + last.bytes.length - address);
  for (const segment of segments) bytes.set(segment.bytes, segment.address - address);
  return { address, bytes };
}

/** Holds an image to the three conversions of its file. */
function expectSameAsObjcopy(image: FirmwareImage, file: Uint8Array, from: string): void {
  const hex = readImage(convert(file, from, 'ihex'));
  const srec = readImage(convert(file, from, 'srec'));
  expect(hex.segments).toEqual(image.segments);
  expect(srec.segments).toEqual(image.segments);
  expect([hex.entry, srec.entry]).toEqual([image.entry, image.entry]);
  const whole = flatten(image.segments);
  if (whole.bytes.length > 1024 * 1024) return;
  const binary = readImage(convert(file, from, 'binary'), { format: 'bin', address: whole.address });
  expect(binary.segments).toEqual([whole]);
}

describe('readers and objcopy', () => {
  skipTests(lackingTool([objcopy]));

  for (const [name, layout] of Object.entries(layouts))
    it(`agree on a linked file: ${name}`, () => {
      const file = link(name, layout);
      const image = readImage(file);
      expect(image.format).toBe('elf');
      expect(image.entry).toBe(layout.text);
      expectSameAsObjcopy(image, file, 'elf32-littlearm');
    });

  it('met an ELF header inside a segment and left it out', () => {
    const image = readImage(link('header', layouts['ELF header in the first segment']!));
    expect(image.notes.length).toBe(1);
    expect(image.segments[0]?.address).toBe(0x08000200);
  });

  it('agree on random Intel HEX and S-record files', () => {
    fc.assert(
      fc.property(segmentLists(0xf0000000), (segments) => {
        // objcopy cuts an entry to the width of the S-record addresses, so the entry is one of them.
        const entry = (segments[0]!.address | 1) >>> 0;
        const hex = Buffer.from(writeHex(segments, { entry }));
        expectSameAsObjcopy(readImage(hex), hex, 'ihex');
        const srec = Buffer.from(writeSrec(segments, { entry }));
        expectSameAsObjcopy(readImage(srec), srec, 'srec');
      }),
      { seed: 8, numRuns: sampled(15, 5) },
    );
  });

  it('differ on a file without section headers, which objcopy refuses', () => {
    // objcopy goes by sections alone; boot loaders and debuggers go by program headers, and so does readElf.
    const file = writeElf([{ address: 0x08000000, bytes: Uint8Array.of(1, 2, 3) }]);
    expect(() => convert(file, 'elf32-littlearm', 'binary')).toThrow('has no sections');
    expect(readImage(file).segments.length).toBe(1);
  });
});
