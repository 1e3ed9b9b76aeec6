// ELF32 little-endian ARM executables (System V ABI, chapters 4 and 5; ELF for the Arm Architecture,
// IHI 0044): the file contents of PT_LOAD program headers, at their physical addresses. Sections are
// consulted only to leave out the ELF header where a linker placed it in the first segment; symbols
// and debug information are not read.

import { Fault } from '@firmseal/fault';
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
  sizeBytes: 52,
} as const;
// Elf32_Phdr: p_type p_offset p_vaddr p_paddr p_filesz p_memsz p_flags p_align, 4 bytes each
const programHeaderSizeBytes = 32;
// Elf32_Shdr: sh_name sh_type sh_flags sh_addr sh_offset sh_size sh_link sh_info
// sh_addralign sh_entsize, 4 bytes each
const sectionHeaderSizeBytes = 40;
const loadType = 1;
const noBitsType = 8;
const allocFlag = 2;
const programCountExtended = 0xffff;

interface LoadSegment {
  readonly offset: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  readonly fileSizeBytes: number;
  readonly memorySizeBytes: number;
}

/** Throws `image-elf-unsupported` for anything but a linked ELF32 little-endian ARM file. */
function requireFirmware(file: FieldReader): void {
  const expected = [
    ['magic', file.u32(0), 0x464c457f],
    ['class', file.u8(header.class), 1],
    ['byte order', file.u8(header.data), 1],
    ['version', file.u8(header.identVersion), 1],
    ['type', file.u16(header.type), 2], // ET_EXEC
    ['machine', file.u16(header.machine), 40], // EM_ARM
  ] as const;
  for (const [field, found, due] of expected)
    if (found !== due) throw new Fault('image-elf-unsupported', { field, found });
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

/**
 * File offset of the first allocated section with contents; undefined without a section table. Also
 * checks that the table is in the file.
 */
function firstSectionOffset(file: FieldReader): number | undefined {
  const count = file.u16(header.sectionCount);
  if (count === 0) return undefined;
  if (file.u16(header.sectionEntrySize) !== sectionHeaderSizeBytes)
    throw new Fault('image-elf-invalid', { detail: 'its section headers have an unknown size' });
  const table = file.u32(header.sectionOffset);
  file.require(table, count * sectionHeaderSizeBytes);
  let first: number | undefined;
  for (let i = 1; i < count; i++) {
    const at = table + i * sectionHeaderSizeBytes;
    const holdsBytes = file.u32(at + 4) !== noBitsType && file.u32(at + 20) > 0;
    if (!holdsBytes || (file.u32(at + 8) & allocFlag) === 0) continue;
    first = Math.min(first ?? Number.POSITIVE_INFINITY, file.u32(at + 16));
  }
  return first;
}

/**
 * Reads an ELF file's load segments. Like GNU objcopy, takes virtual addresses when every one of
 * several physical addresses is 0 (some linkers leave them out), and leaves the ELF header itself out
 * of a segment that begins with it. Throws `image-elf-unsupported`, `image-elf-invalid`,
 * `bytes-truncated` and the collector's faults.
 */
export function readElf(bytes: Uint8Array): FirmwareImage {
  const file = new FieldReader(bytes, 'The ELF file');
  file.require(0, header.sizeBytes);
  requireFirmware(file);
  const loads = readLoadSegments(file);
  const contentStart = firstSectionOffset(file);
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
    // skip never passes the segment's size, which lies in the file; an address of 2^32 or
    // more is refused in add().
    collector.add(address + skip, file.slice(load.offset + skip, load.fileSizeBytes - skip));
  }
  const entry = file.u32(header.entry);
  return { format: 'elf', segments: collector.finish('ELF'), ...(entry !== 0 && { entry }), notes };
}
