// What the sections of an ELF file say of its load segments: where contents begin in the file, and which
// addresses inside of a segment hold nothing (NOBITS), though the linker filled their place in the file with
// zeros. Settings that survive updates lie in such places. System V ABI, chapter 4, sections.

import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { FieldReader } from './field-reader.ts';

// Elf32_Shdr: sh_name sh_type sh_flags sh_addr sh_offset sh_size sh_link sh_info sh_addralign sh_entsize,
// 4 bytes each
const headerSizeBytes = 40;
const noBitsType = 8;
const allocFlag = 2;
/** A thread's own NOBITS section takes no addresses. */
const tlsFlag = 0x400;

/** Virtual addresses, `end` exclusive. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

export interface SectionMap {
  /** File offset of the first allocated section with contents; undefined without a section table. */
  readonly contentStart: number | undefined;
  /** Sorted and apart: addresses that sections name and that none of them fills. */
  readonly empty: readonly AddressRange[];
}

/** Sorted, with those that touch joined. */
function join(ranges: readonly AddressRange[]): AddressRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** `ranges` without `taken`; both sorted and apart. Each list is walked once. */
function without(ranges: readonly AddressRange[], taken: readonly AddressRange[]): AddressRange[] {
  const left: AddressRange[] = [];
  let next = 0;
  for (const { start, end } of ranges) {
    let at = start;
    while (next < taken.length && taken[next]!.end <= at) next++;
    for (let i = next; i < taken.length && taken[i]!.start < end; i++) {
      if (taken[i]!.start > at) left.push({ start: at, end: taken[i]!.start });
      at = Math.max(at, taken[i]!.end);
      if (taken[i]!.end <= end) next = i + 1;
    }
    if (at < end) left.push({ start: at, end });
  }
  return left;
}

/** Where a file says that its section headers are: any values of the file's. */
export interface SectionTable {
  readonly count: number;
  readonly offset: number;
  readonly entrySizeBytes: number;
}

/** Throws `image-elf-invalid`, `bytes-truncated` for a table that is not whole. */
function requireTable(file: FieldReader, { count, offset, entrySizeBytes }: SectionTable): void {
  if (entrySizeBytes !== headerSizeBytes)
    throw new Fault('image-elf-invalid', { detail: 'its section headers have an unknown size' });
  // At most 65535 headers of 40 bytes, all inside the file.
  file.require(offset, count * headerSizeBytes);
}

/**
 * Contents of the section of that name; undefined when no section has that name. `namesIndex`: of the
 * section that holds the names. Throws `image-elf-invalid`, `bytes-truncated`.
 */
export function findSection(
  file: FieldReader,
  name: string,
  table: SectionTable & { readonly namesIndex: number },
): Uint8Array | undefined {
  const { count, offset, namesIndex } = table;
  if (count === 0) return undefined;
  requireTable(file, table);
  const contents = (index: number) => {
    const at = offset + index * headerSizeBytes;
    return file.slice(file.u32(at + 16), file.u32(at + 20));
  };
  if (namesIndex >= count) throw new Fault('image-elf-invalid', { detail: 'its sections have no names' });
  const names = contents(namesIndex);
  const wanted = new TextEncoder().encode(`${name}\0`);
  for (let i = 1; i < count; i++) {
    const start = file.u32(offset + i * headerSizeBytes);
    if (equalBytes(names.subarray(start, start + wanted.length), wanted)) return contents(i);
  }
  return undefined;
}

/** Reads the table of `count` sections at `offset`. Throws `image-elf-invalid`, `bytes-truncated`. */
export function readSections(file: FieldReader, table: SectionTable): SectionMap {
  const { count, offset } = table;
  if (count === 0) return { contentStart: undefined, empty: [] };
  requireTable(file, table);
  const [filled, unfilled]: [AddressRange[], AddressRange[]] = [[], []];
  let contentStart: number | undefined;
  for (let i = 1; i < count; i++) {
    const at = offset + i * headerSizeBytes;
    const [type, flags, start] = [file.u32(at + 4), file.u32(at + 8), file.u32(at + 12)];
    const sizeBytes = file.u32(at + 20);
    if (sizeBytes === 0 || (flags & allocFlag) === 0) continue;
    const range = { start, end: start + sizeBytes };
    if (type !== noBitsType) {
      filled.push(range);
      contentStart = Math.min(contentStart ?? Number.POSITIVE_INFINITY, file.u32(at + 16));
    } else if ((flags & tlsFlag) === 0) unfilled.push(range);
  }
  return { contentStart, empty: without(join(unfilled), join(filled)) };
}

/** The parts of `range` that are in none of the `empty` ranges, ascending. */
export function filledParts({ start, end }: AddressRange, empty: readonly AddressRange[]): AddressRange[] {
  let low = 0;
  let high = empty.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (empty[middle]!.end <= start) low = middle + 1;
    else high = middle;
  }
  const inside: AddressRange[] = [];
  for (let i = low; i < empty.length && empty[i]!.start < end; i++) inside.push(empty[i]!);
  return without([{ start, end }], inside);
}
