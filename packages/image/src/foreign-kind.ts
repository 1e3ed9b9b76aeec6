// Files that people take for firmware and that are something else, told by their first bytes: for an error
// that names what it was given. None of these beginnings is a vector table of a chip in the catalogue.

import { utf8 } from '@firmseal/bytes';

interface ForeignKind {
  readonly name: string;
  /** What a person does with such a file. */
  readonly advice: string;
}

const unpack = 'Unpack it and give the firmware file inside.';
const magics: readonly (ForeignKind & { readonly magic: Uint8Array; readonly at?: number })[] = [
  { magic: Uint8Array.of(0x1f, 0x8b), name: 'a gzip file', advice: unpack },
  { magic: Uint8Array.of(0x50, 0x4b, 3, 4), name: 'a ZIP archive', advice: unpack },
  { magic: Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), name: 'an xz file', advice: unpack },
  { magic: utf8('BZh'), name: 'a bzip2 file', advice: unpack },
  { magic: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), name: 'a Zstandard file', advice: unpack },
  { magic: Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), name: 'a 7-Zip archive', advice: unpack },
  { magic: utf8('ustar'), at: 257, name: 'a tar archive', advice: unpack },
  {
    magic: utf8('version https://git-lfs.github.com/spec/'),
    name: 'a Git LFS pointer, not the file that it points to',
    advice: 'Fetch the file itself with git lfs pull.',
  },
  {
    magic: utf8('UF2\n'),
    name: 'a UF2 file',
    advice: 'Give the ELF, HEX or binary file that it was made from.',
  },
  {
    magic: utf8('!<arch>\n'),
    name: 'a library of object files',
    advice: 'Give the executable that the linker made.',
  },
  {
    magic: utf8('MZ'),
    name: 'a program for Windows or UEFI',
    advice: 'Give the firmware that the linker made for the chip.',
  },
  {
    magic: utf8('FSEAL'),
    name: 'a package that firmseal sealed already',
    advice: 'Give the firmware from which it was made; `firmseal inspect` shows what it holds.',
  },
  { magic: utf8('%PDF'), name: 'a PDF document', advice: 'Give the firmware file.' },
  { magic: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), name: 'a PNG picture', advice: 'Give the firmware file.' },
];

const startLength = 512;
const html = /^\uFEFF?\s*(?:<!doctype html|<html|<\?xml)/i;
const verilog = /^\uFEFF?\s*@[0-9a-f]{4,8}\s*[\r\n]+[0-9a-f]{2}(?:\s|$)/i;

const hasAt = (file: Uint8Array, magic: Uint8Array, at: number): boolean =>
  file.length >= at + magic.length && magic.every((byte, i) => file[at + i] === byte);

/** The kind of a file that is no firmware file that firmseal reads; undefined for all others. */
export function foreignKindOf(file: Uint8Array): ForeignKind | undefined {
  const found = magics.find(({ magic, at = 0 }) => hasAt(file, magic, at));
  if (found !== undefined) return found;
  const start = new TextDecoder('latin1').decode(file.subarray(0, startLength));
  if (html.test(start))
    return {
      name: 'a web page or XML document',
      advice: 'Download the firmware file itself: a server may have answered with a page instead.',
    };
  if (verilog.test(start))
    return {
      name: 'a Verilog or TI-TXT file',
      advice: 'Convert it to Intel HEX, for example with srec_cat.',
    };
  return undefined;
}

const isText = (byte: number) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127);

/** What bytes are that were expected to be firmware, in words; undefined when nothing is known of them. */
export function nameContent(bytes: Uint8Array): string | undefined {
  const foreign = foreignKindOf(bytes);
  if (foreign !== undefined) return foreign.name;
  const [first] = bytes;
  if (first === undefined) return undefined;
  const head = bytes.subarray(0, startLength);
  if ((first === 0xff || first === 0) && head.every((byte) => byte === first))
    return first === 0xff ? 'erased flash (FF)' : 'zeros';
  // MCUboot, image.h: IMAGE_MAGIC.
  if (hasAt(bytes, Uint8Array.of(0x3d, 0xb8, 0xf3, 0x96), 0)) return "MCUboot's header";
  return head.every(isText) ? 'text' : undefined;
}
