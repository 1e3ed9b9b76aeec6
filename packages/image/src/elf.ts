// ELF32 little-endian ARM executables (System V ABI, chapters 4 and 5; ELF for the Arm Architecture,
// IHI 0044): the file contents of PT_LOAD program headers, at their physical addresses. Sections are
// consulted only to leave out the ELF header where a linker placed it in the first segment; symbols
// and debug information are not read.

import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { elfValueName } from './elf-names.ts';
import { type AddressRange, filledParts, findSection, readSections } from './elf-sections.ts';
import { FieldReader } from './field-reader.ts';
import type { FirmwareImage } from './firmware-image.ts';
import { SegmentCollector, showAddress } from './segment.ts';

// Elf32_Ehdr: e_ident(16) e_type(2) e_machine(2) e_version(4) e_entry(4) e_phoff(4) e_shoff(4) e_flags(4)
// e_ehsize(2) e_phentsize(2) e_phnum(2) e_shentsize(2) e_shnum(2) e_shstrndx(2)
const header = {
  class: 4,
  data: 5,
  identVersion: 6,
  type: 16,
  machine: 18,
  entry: 24,
  programOffset: 28,
  sectionOffset: 32,
  programEntrySize: 42,
  programCount: 44,
  sectionEntrySize: 46,
  sectionCount: 48,
  sectionNames: 50,
  sizeBytes: 52,
} as const;
// Elf32_Phdr: p_type p_offset p_vaddr p_paddr p_filesz p_memsz p_flags p_align, 4 bytes each
const programHeaderSizeBytes = 32;
const elfMagic = 0x464c457f;
const loadType = 1;
const programCountExtended = 0xffff;

interface LoadSegment {
  readonly offset: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  readonly fileSizeBytes: number;
  readonly memorySizeBytes: number;
}

/** Throws `image-elf-unsupported` for anything but a linked ELF32 little-endian Arm file. */
function requireFirmware(file: FieldReader): void {
  if (file.u32(0) !== elfMagic)
    throw new Fault('image-elf-unsupported', { field: 'first bytes', found: toHex(file.slice(0, 4)) });
  // Read as the file orders its bytes, so that a big-endian file is named rightly.
  const bigEndian = file.u8(header.data) === 2;
  const half = (at: number) => (bigEndian ? (file.u8(at) << 8) | file.u8(at + 1) : file.u16(at));
  const expected = [
    ['machine', half(header.machine), 40], // EM_ARM
    ['class', file.u8(header.class), 1],
    ['byte order', file.u8(header.data), 1],
    ['version', file.u8(header.identVersion), 1],
    ['type', half(header.type), 2], // ET_EXEC
  ] as const;
  for (const [field, found, due] of expected)
    if (found !== due) throw new Fault('image-elf-unsupported', { field, found: elfValueName(field, found) });
}

function readLoadSegments(file: FieldReader): LoadSegment[] {
  const count = file.u16(header.programCount);
  if (count === programCountExtended)
    throw new Fault('image-elf-unsupported', { field: 'a program header count of', found: count });
  if (count === 0) return [];
  if (file.u16(header.programEntrySize) !== programHeaderSizeBytes)
    throw new Fault('image-elf-invalid', { detail: 'its program headers have an unknown size' });
  const offset = file.u32(header.programOffset);
  // At most 65534 headers of 32 bytes, all inside the file.
  file.require(offset, count * programHeaderSizeBytes);
  const segments: LoadSegment[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * programHeaderSizeBytes;
    if (file.u32(at) !== loadType) continue;
    const segment = {
      offset: file.u32(at + 4),
      virtualAddress: file.u32(at + 8),
      physicalAddress: file.u32(at + 12),
      fileSizeBytes: file.u32(at + 16),
      memorySizeBytes: file.u32(at + 20),
    };
    if (segment.fileSizeBytes > segment.memorySizeBytes)
      throw new Fault('image-elf-invalid', {
        detail: `program header ${i} has more bytes in the file than in memory`,
      });
    file.require(segment.offset, segment.fileSizeBytes);
    segments.push(segment);
  }
  return segments;
}

const readSectionMap = (file: FieldReader) =>
  readSections(file, {
    count: file.u16(header.sectionCount),
    offset: file.u32(header.sectionOffset),
    entrySizeBytes: file.u16(header.sectionEntrySize),
  });

/** Where the bytes of a load segment go, and how many of them are the ELF header. */
interface Placed {
  readonly load: LoadSegment;
  readonly address: number;
  readonly skip: number;
}

/** The parts of a segment that sections fill go to the collector, in notes the others are named. */
function addSegment(
  { load, address, skip }: Placed,
  empty: readonly AddressRange[],
  into: { file: FieldReader; collector: SegmentCollector; notes: string[] },
): void {
  const { virtualAddress, fileSizeBytes, offset } = load;
  // skip never passes the segment's size, which lies in the file.
  const whole = { start: virtualAddress + skip, end: virtualAddress + fileSizeBytes };
  let at = whole.start;
  const passGap = (end: number): void => {
    if (end > at)
      into.notes.push(
        `${showAddress(address + at - virtualAddress)} (${end - at} bytes) has no contents and was left out`,
      );
  };
  for (const { start, end } of filledParts(whole, empty)) {
    passGap(start);
    // The part lies in the segment; an address of 2^32 or more is refused in add().
    const from = start - virtualAddress;
    into.collector.add(address + from, into.file.slice(offset + from, end - start));
    at = end;
  }
  passGap(whole.end);
}

/**
 * Reads an ELF file's load segments. Like GNU objcopy, takes virtual addresses when every one of
 * several physical addresses is 0 (some linkers leave them out), and leaves out of a segment the ELF
 * header where it begins with it, and what only NOBITS sections take. Throws `image-elf-unsupported`,
 * `image-elf-invalid`, `bytes-truncated` and the collector's faults.
 */
export function readElf(bytes: Uint8Array): FirmwareImage {
  const file = new FieldReader(bytes, 'The ELF file');
  file.require(0, header.sizeBytes);
  requireFirmware(file);
  const loads = readLoadSegments(file);
  const { contentStart, empty } = readSectionMap(file);
  const inMemory = loads.filter((load) => load.memorySizeBytes > 0);
  const physicalMissing = inMemory.length > 1 && inMemory.every((load) => load.physicalAddress === 0);
  const notes = physicalMissing ? ['physical addresses are absent; virtual addresses were taken'] : [];
  const collector = new SegmentCollector();
  for (const load of loads) {
    if (load.fileSizeBytes === 0) continue;
    const address = physicalMissing ? load.virtualAddress : load.physicalAddress;
    let skip = 0;
    if (load.offset === 0 && contentStart !== undefined) {
      skip = Math.min(contentStart, load.fileSizeBytes);
      notes.push(`the ELF header at ${showAddress(address)} was left out (${skip} bytes)`);
    }
    addSegment({ load, address, skip }, empty, { file, collector, notes });
  }
  const entry = file.u32(header.entry);
  return { format: 'elf', segments: collector.finish('ELF'), ...(entry !== 0 && { entry }), notes };
}

/**
 * Contents of a section by its name, a view into the file: of an executable or an object, whether it is
 * loaded or not; undefined when no section has that name. Throws `image-elf-invalid`, `bytes-truncated`.
 */
export function elfSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const file = new FieldReader(bytes, 'The ELF file');
  return findSection(file, name, {
    count: file.u16(header.sectionCount),
    offset: file.u32(header.sectionOffset),
    entrySizeBytes: file.u16(header.sectionEntrySize),
    namesIndex: file.u16(header.sectionNames),
  });
}
