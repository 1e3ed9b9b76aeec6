import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp, segmentLists } from '../test/segments.ts';
import { addSectionTable, writeElf } from '../test/writers.ts';
import { elfSection, readElf } from './elf.ts';

/** A valid file with one field overwritten. */
function bent(offset: number, value: number, sizeBytes: 1 | 2 | 4 = 4): Uint8Array {
  const file = writeElf([{ address: 0x08000000, bytes: ramp(8) }]);
  const view = new DataView(file.buffer);
  if (sizeBytes === 1) view.setUint8(offset, value);
  else if (sizeBytes === 2) view.setUint16(offset, value, true);
  else view.setUint32(offset, value, true);
  return file;
}
const fault = (file: Uint8Array) => faultOf(() => readElf(file));
const firstProgramHeader = 52;

describe('readElf', () => {
  it('returns the segments that were written, in any order of program headers', () => {
    fc.assert(
      fc.property(segmentLists(), fc.integer({ min: 1, max: 0xffffffff }), (segments, entry) => {
        const image = readElf(writeElf(segments.toReversed(), entry));
        expect(image).toEqual({ format: 'elf', segments, entry, notes: [] });
      }),
      { seed: 3 },
    );
  });

  it('uses physical addresses and leaves out what is not in the file', () => {
    const image = readElf(
      writeElf([
        { address: 0x08000000, bytes: ramp(8) },
        { address: 0x08000008, bytes: ramp(4), virtualAddress: 0x20000000, memorySizeBytes: 0x1000 },
        { address: 0x20001000, bytes: new Uint8Array(), memorySizeBytes: 0x800 },
      ]),
    );
    expect(image.segments).toEqual([
      { address: 0x08000000, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4) },
    ]);
    expect(image.entry).toBe(undefined);
  });

  it('takes virtual addresses when all physical ones are absent', () => {
    const parts = [0x08000000, 0x08040000].map((virtualAddress) => ({
      address: 0,
      virtualAddress,
      bytes: ramp(4),
    }));
    const image = readElf(writeElf(parts));
    expect(image.segments.map((segment) => segment.address)).toEqual([0x08000000, 0x08040000]);
    expect(image.notes.length).toBe(1);
    // A single segment at 0 is one that is linked there.
    expect(readElf(writeElf(parts.slice(0, 1))).segments[0]?.address).toBe(0);
  });

  it('leaves the ELF header out of a segment that begins with it', () => {
    const plain = writeElf([
      { address: 0x08000000, bytes: ramp(8) },
      { address: 0x20000000, bytes: new Uint8Array(), memorySizeBytes: 16 },
    ]);
    // The first program header is stretched to the start of the file, as ld does; the
    // second has nothing in it.
    const contentStart = plain.length - 8;
    const view = new DataView(plain.buffer);
    for (const [field, value] of [
      [4, 0],
      [16, plain.length],
      [20, plain.length],
      [32 + 4, 0],
    ] as const)
      view.setUint32(firstProgramHeader + field, value, true);
    const image = readElf(addSectionTable(plain, [{ offset: contentStart, sizeBytes: 8 }]));
    expect(image.segments).toEqual([{ address: 0x08000000 + contentStart, bytes: ramp(8) }]);
    expect(image.notes).toEqual([`the ELF header at 0x08000000 was left out (${contentStart} bytes)`]);
    // Without sections nothing tells where the contents begin: the segment is taken as it is.
    expect(readElf(plain).segments).toEqual([{ address: 0x08000000, bytes: plain }]);
  });

  it('leaves a gap where only a NOBITS section is, though the file has zeros there', () => {
    const [noBits, tls] = [8, 0x402];
    const bytes = ramp(40);
    const plain = writeElf([{ address: 0x08004000, virtualAddress: 0x08000000, bytes }]);
    const start = plain.length - bytes.length;
    const at = (offset: number, sizeBytes: number, more: { type?: number; flags?: number } = {}) => ({
      ...{ offset: start + offset, sizeBytes, address: 0x08000000 + offset },
      ...more,
    });
    const pieces = (...sections: ReturnType<typeof at>[]) =>
      readElf(addSectionTable(plain, sections)).segments.map(({ address, bytes: { length } }) => [
        address - 0x08004000,
        length,
      ]);
    // Vectors, settings that survive updates, code.
    expect(pieces(at(0, 8), at(8, 24, { type: noBits }), at(32, 8))).toEqual([
      [0, 8],
      [32, 8],
    ]);
    // A part that another section fills belongs to the image, and so does what no section names.
    expect(pieces(at(0, 8), at(8, 24, { type: noBits }), at(16, 4), at(36, 4))).toEqual([
      [0, 8],
      [16, 4],
      [32, 8],
    ]);
    // A thread's own section takes no addresses; one that is not loaded says nothing.
    expect(pieces(at(0, 8), at(8, 24, { type: noBits, flags: tls }))).toEqual([[0, 40]]);
    expect(pieces(at(0, 8), at(8, 24, { type: noBits, flags: 0 }))).toEqual([[0, 40]]);
    // One that covers nothing but the end of the segment, and more.
    expect(pieces(at(0, 8), at(8, 0x1000, { type: noBits }))).toEqual([[0, 8]]);
    const { notes } = readElf(addSectionTable(plain, [at(8, 24, { type: noBits })]));
    expect(notes).toEqual(['0x08004008 (24 bytes) has no contents and was left out']);
  });

  it.each([
    [18, 243, 'machine RISC-V (243)'],
    [18, 62, 'machine x86-64 (62)'],
    [18, 7777, 'machine 7777'],
    [16, 1, 'type relocatable object (1)'],
    [16, 3, 'type shared object or position-independent program (3)'],
  ])('says what it is: the field at %i is %i', (offset, value, said) => {
    expect(() => readElf(bent(offset, value, 2))).toThrow(`The ELF file has ${said};`);
  });

  it('reads the fields of a big-endian file as it has them', () => {
    const file = bent(5, 2, 1);
    new DataView(file.buffer).setUint16(18, 40, false);
    expect(() => readElf(file)).toThrow('byte order big-endian (2)');
    new DataView(file.buffer).setUint16(18, 20, false);
    expect(() => readElf(file)).toThrow('machine PowerPC (20)');
  });

  it('ignores program headers that are not PT_LOAD', () => {
    const two = writeElf([
      { address: 0x08000000, bytes: ramp(8) },
      { address: 0x09000000, bytes: ramp(8) },
    ]);
    new DataView(two.buffer).setUint32(firstProgramHeader + 32, 4, true);
    expect(readElf(two).segments.map((segment) => segment.address)).toEqual([0x08000000]);
  });

  it('refuses files for other machines, with the field named', () => {
    for (const file of [
      bent(4, 2, 1),
      bent(5, 2, 1),
      bent(6, 0, 1),
      bent(16, 1, 2),
      bent(16, 3, 2),
      bent(18, 62, 2),
      bent(44, 0xffff, 2),
    ])
      expect(fault(file)).toBe('image-elf-unsupported');
  });

  it('refuses contradictions', () => {
    expect(fault(bent(42, 56, 2))).toBe('image-elf-invalid');
    expect(fault(bent(firstProgramHeader + 20, 7))).toBe('image-elf-invalid');
    expect(fault(bent(44, 0, 2))).toBe('image-no-data');
    const withSections = bent(48, 1, 2);
    new DataView(withSections.buffer).setUint16(46, 64, true);
    expect(fault(withSections)).toBe('image-elf-invalid');
  });

  it('allocates nothing for 4 GiB that a small file claims', () => {
    const sizes = bent(firstProgramHeader + 16, 0xffffffff);
    new DataView(sizes.buffer).setUint32(firstProgramHeader + 20, 0xffffffff, true);
    expect(fault(sizes)).toBe('bytes-truncated');
    expect(fault(bent(firstProgramHeader + 4, 0xffffffff))).toBe('bytes-truncated');
    expect(fault(bent(28, 0xffffffff))).toBe('bytes-truncated');
    expect(fault(bent(44, 0xfffe, 2))).toBe('bytes-truncated');
    const sections = bent(48, 0xffff, 2);
    new DataView(sections.buffer).setUint32(32, 0xfffffff0, true);
    expect(fault(sections)).toBe('bytes-truncated');
    // The same bytes of the file claimed for many addresses count each time.
    const many = writeElf(
      Array.from({ length: 17 }, (_, i) => ({
        address: i * 0x200000,
        bytes: new Uint8Array(i === 0 ? 0x100000 : 1),
      })),
    );
    const view = new DataView(many.buffer);
    for (let i = 1; i < 17; i++) {
      view.setUint32(firstProgramHeader + 32 * i + 4, view.getUint32(firstProgramHeader + 4, true), true);
      view.setUint32(firstProgramHeader + 32 * i + 16, 0x100000, true);
      view.setUint32(firstProgramHeader + 32 * i + 20, 0x100000, true);
    }
    expect(fault(many)).toBe('image-too-large');
  });

  it('refuses overlaps and wrapping addresses', () => {
    expect(
      fault(
        writeElf([
          { address: 0x08000000, bytes: ramp(8) },
          { address: 0x08000007, bytes: ramp(8) },
        ]),
      ),
    ).toBe('image-overlap');
    expect(fault(writeElf([{ address: 0xfffffff9, bytes: ramp(8) }]))).toBe('image-address-wraps');
  });
});

describe('elfSection', () => {
  const panel = Uint8Array.from(
    readFileSync(new URL('../../../examples/stm32f427-panel/panel.elf', import.meta.url)),
  );
  const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

  it('finds a section by its whole name, and none by another', () => {
    expect(text(elfSection(panel, '.shstrtab'))).toContain('\0.shstrtab\0');
    for (const name of ['.shstrta', 'shstrtab', '.none'])
      expect(elfSection(panel, name), name).toBeUndefined();
    expect(elfSection(writeElf([{ address: 0x08000000, bytes: ramp(8) }]), '.text')).toBeUndefined();
  });

  it('refuses a file that ends before its sections, and one without their names', () => {
    const sectionFault = (file: Uint8Array) => faultOf(() => elfSection(file, '.shstrtab'));
    expect(sectionFault(panel.subarray(0, 60))).toBe('bytes-truncated');
    const nameless = panel.slice();
    new DataView(nameless.buffer).setUint16(50, 0xffff, true);
    expect(sectionFault(nameless)).toBe('image-elf-invalid');
  });
});
