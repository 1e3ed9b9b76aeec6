// Small writers of every format, for tests alone: they make the valid files that the readers are held to, and
// let a test bend single fields of them.

import { type Bytes, concatBytes, crc32, toHex, u32be, u32le, utf8 } from '@firmseal/bytes';
import type { Segment } from '../src/segment.ts';

const u16le = (value: number) => Uint8Array.of(value, value >>> 8);

/** Pieces of `lengthBytes` with their addresses. */
function split(segments: readonly Segment[], lengthBytes: number): Segment[] {
  return segments.flatMap(({ address, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / lengthBytes) }, (_, i) => ({
      address: address + i * lengthBytes,
      bytes: bytes.slice(i * lengthBytes, (i + 1) * lengthBytes),
    })),
  );
}

/** One Intel HEX line without its end. */
export function hexLine(type: number, offset: number, content: Uint8Array): string {
  const body = concatBytes(Uint8Array.of(content.length, offset >>> 8, offset, type), content);
  const sum = body.reduce((a, b) => a + b, 0);
  return `:${toHex(body)}${toHex(Uint8Array.of(-sum))}`.toUpperCase();
}

/** Intel HEX with linear addresses (04) or, when everything is below 1 MiB and asked for, segments (02). */
export function writeHex(
  segments: readonly Segment[],
  {
    entry,
    lengthBytes = 16,
    segmented = false,
  }: { entry?: number; lengthBytes?: number; segmented?: boolean },
): string {
  const lines: string[] = [];
  let page = -1;
  for (const { address, bytes } of split(segments, lengthBytes)) {
    // A piece that crosses 64 KiB is cut there, as segment mode demands.
    for (let at = 0; at < bytes.length; ) {
      const here = address + at;
      const part = bytes.subarray(at, at + Math.min(bytes.length - at, 0x10000 - (here % 0x10000)));
      const herePage = Math.floor(here / 0x10000);
      if (herePage !== page)
        lines.push(hexLine(segmented ? 2 : 4, 0, u32be(segmented ? herePage * 0x1000 : herePage).slice(2)));
      page = herePage;
      lines.push(hexLine(0, here % 0x10000, part));
      at += part.length;
    }
  }
  if (entry !== undefined) lines.push(hexLine(5, 0, u32be(entry)));
  return [...lines, ':00000001FF'].join('\r\n');
}

/** One S-record line without its end. */
export function srecLine(type: number, address: number, content: Uint8Array): string {
  const addressBytes = [2, 2, 3, 4, 2, 2, 3, 4, 3, 2][type]!;
  const body = concatBytes(
    Uint8Array.of(addressBytes + content.length + 1),
    u32be(address).slice(4 - addressBytes),
    content,
  );
  const sum = body.reduce((a, b) => a + b, 0);
  return `S${type}${toHex(body)}${toHex(Uint8Array.of(~sum))}`.toUpperCase();
}

/** S-record with addresses of 2, 3 or 4 bytes, a header, a count and an end record. */
export function writeSrec(
  segments: readonly Segment[],
  {
    entry = 0,
    lengthBytes = 28,
    addressBytes = 4,
  }: { entry?: number; lengthBytes?: number; addressBytes?: 2 | 3 | 4 },
): string {
  const type = addressBytes - 1;
  const data = split(segments, lengthBytes).map(({ address, bytes }) => srecLine(type, address, bytes));
  const count = srecLine(data.length < 0x10000 ? 5 : 6, data.length, new Uint8Array());
  const header = srecLine(0, 0, utf8('firmseal'));
  return [header, ...data, count, srecLine(10 - type, entry, new Uint8Array())].join('\n');
}

export interface ElfPart extends Segment {
  virtualAddress?: number;
  memorySizeBytes?: number;
}

/** ELF32 ARM: header, program headers, contents; no sections, so its last byte belongs to the last part. */
export function writeElf(parts: readonly ElfPart[], entry = 0): Bytes {
  let offset = 52 + 32 * parts.length;
  const headers: Uint8Array[] = [];
  for (const { address, bytes, virtualAddress = address, memorySizeBytes = bytes.length } of parts) {
    const fields = [1, offset, virtualAddress, address, bytes.length, memorySizeBytes, 5, 1];
    headers.push(...fields.map(u32le));
    offset += bytes.length;
  }
  return concatBytes(
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    u16le(2), // ET_EXEC
    u16le(40), // EM_ARM
    u32le(1),
    u32le(entry),
    u32le(52), // program headers
    u32le(0), // no section headers
    u32le(0x05000200),
    ...[52, 32, parts.length, 40, 0, 0].map(u16le),
    ...headers,
    ...parts.map((part) => part.bytes),
  );
}

/**
 * The file with a section table at its end: the null section, then one section for each range of the file,
 * PROGBITS and allocated unless it says otherwise.
 */
export function addSectionTable(
  elf: Uint8Array,
  ranges: readonly { offset: number; sizeBytes: number; address?: number; type?: number; flags?: number }[],
): Bytes {
  const sections = ranges.map(({ offset, sizeBytes, address = 0, type = 1, flags = 2 }) => [
    ...[0, type, flags, address, offset],
    ...[sizeBytes, 0, 0, 1, 0],
  ]);
  const file = concatBytes(elf, new Uint8Array(40), ...sections.flat().map(u32le));
  const view = new DataView(file.buffer);
  view.setUint32(32, elf.length, true);
  view.setUint16(48, ranges.length + 1, true);
  return file;
}

/** The body with a DFU suffix for 0483:df11 and a right checksum. */
export function addDfuSuffix(body: Uint8Array, dfuVersion: number, sizeBytes = 16): Bytes {
  const extra = new Uint8Array(sizeBytes > 16 ? sizeBytes - 16 : 0);
  const ids = concatBytes(...[0xffff, 0xdf11, 0x0483, dfuVersion].map(u16le));
  const covered = concatBytes(body, extra, ids, utf8('UFD'), Uint8Array.of(sizeBytes));
  return concatBytes(covered, u32le(~crc32(covered)));
}

export interface TargetToWrite {
  alternateSetting: number;
  name: string;
  elements: readonly Segment[];
}

/** A DfuSe body without its suffix. */
export function dfuSeBody(targets: readonly TargetToWrite[]): Bytes {
  const written = targets.map(({ alternateSetting, name, elements }) => {
    const content = concatBytes(
      ...elements.flatMap(({ address, bytes }) => [u32le(address), u32le(bytes.length), bytes]),
    );
    const nameField = new Uint8Array(255);
    nameField.set(utf8(name));
    return concatBytes(
      utf8('Target'),
      Uint8Array.of(alternateSetting),
      u32le(name === '' ? 0 : 1),
      nameField,
      u32le(content.length),
      u32le(elements.length),
      content,
    );
  });
  const image = concatBytes(...written);
  return concatBytes(
    utf8('DfuSe'),
    Uint8Array.of(1),
    u32le(image.length + 11),
    Uint8Array.of(targets.length),
    image,
  );
}

/** A whole DfuSe file. */
export function writeDfuSe(targets: readonly TargetToWrite[]): Bytes {
  return addDfuSuffix(dfuSeBody(targets), 0x011a);
}
