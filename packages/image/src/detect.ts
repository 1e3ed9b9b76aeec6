// Which format a firmware file has, by its content. A name alone never makes a raw binary out of a file that
// is plainly something else; it decides only where the content leaves a doubt.

import { hasDfuSePrefix, hasDfuSuffix } from './dfu.ts';
import type { ImageFormat } from './firmware-image.ts';
import { decodeHexRecord } from './intel-hex.ts';
import { digitOf, type RecordLine, recordLines } from './record-lines.ts';
import { decodeSrecord } from './srec.ts';

const formatOfExtension: Readonly<Record<string, ImageFormat>> = {
  elf: 'elf',
  axf: 'elf',
  out: 'elf',
  hex: 'hex',
  ihex: 'hex',
  ihx: 'hex',
  srec: 'srec',
  s19: 'srec',
  s28: 'srec',
  s37: 'srec',
  mot: 'srec',
  dfu: 'dfu',
  bin: 'bin',
};

/** The format that a file's name suggests; undefined for a name that says nothing. */
function formatOfName(fileName: string): ImageFormat | undefined {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase();
  return extension === undefined || !Object.hasOwn(formatOfExtension, extension)
    ? undefined
    : formatOfExtension[extension];
}

const isElf = (file: Uint8Array) =>
  file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;

/** 'certain': the first record is whole and its checksum holds. 'likely': it begins like a record. */
function recordEvidence(file: Uint8Array) {
  let first: RecordLine | undefined;
  for (const line of recordLines(file)) {
    first = line;
    break;
  }
  if (first === undefined) return undefined;
  const letter = file[first.start]!;
  const digit = first.end - first.start > 1 ? digitOf(file[first.start + 1]!) : -1;
  const format = letter === 0x3a ? 'hex' : letter === 0x53 ? 'srec' : undefined;
  if (format === undefined || digit < 0 || (format === 'srec' && digit > 9)) return undefined;
  try {
    if (format === 'hex') decodeHexRecord(file, first);
    else decodeSrecord(file, first);
    return { format, certain: true } as const;
  } catch {
    return { format, certain: false } as const;
  }
}

/**
 * The file's format; undefined when neither content nor name tells. Certain evidence in the content (ELF
 * magic, DfuSe prefix, DFU suffix, a whole first record) beats the name; a file that only begins like a
 * record is one unless its name ends in .bin; a file without any mark is what its name says.
 */
export function detectFormat(file: Uint8Array, fileName = ''): ImageFormat | undefined {
  if (isElf(file)) return 'elf';
  if (hasDfuSePrefix(file) || hasDfuSuffix(file)) return 'dfu';
  const named = formatOfName(fileName);
  const records = recordEvidence(file);
  if (records && (records.certain || named !== 'bin')) return records.format;
  return named;
}
