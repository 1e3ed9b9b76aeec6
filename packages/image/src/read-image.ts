// The one entry: a firmware file of any supported format, to segments.

import { Fault } from '@firmseal/fault';
import { detectFormat } from './detect.ts';
import { readDfu } from './dfu.ts';
import { readElf } from './elf.ts';
import type { FirmwareImage, ImageFormat } from './firmware-image.ts';
import { foreignKindOf } from './foreign-kind.ts';
import { readIntelHex } from './intel-hex.ts';
import { readRawBinary } from './raw-binary.ts';
import { fileSizeMaxBytes } from './segment.ts';
import { readSrec } from './srec.ts';

export interface ReadImageOptions {
  /** Overrides what the content says. */
  readonly format?: ImageFormat;
  /** Where a file without addresses (raw binary, DFU 1.1) is linked; refused with any other. */
  readonly address?: number;
  /** Helps to tell raw binaries apart; its path is not used. */
  readonly fileName?: string;
}

/** Throws `image-kind-foreign` for a file that is plainly something else than firmware. */
function refuseForeign(file: Uint8Array): void {
  const foreign = foreignKindOf(file);
  if (foreign !== undefined)
    throw new Fault('image-kind-foreign', { kind: foreign.name, advice: foreign.advice });
}

/**
 * Reads a firmware file. The array is not kept: segments are copies. An unmarked file for which an address
 * is given is a raw binary. Every failure is a Fault whose code begins with `image-`, or is
 * `bytes-truncated` or `value-out-of-range`.
 */
export function readImage(file: Uint8Array, options: ReadImageOptions = {}): FirmwareImage {
  if (file.length === 0) throw new Fault('image-file-empty');
  if (file.length > fileSizeMaxBytes)
    throw new Fault('image-file-too-large', { mostBytes: fileSizeMaxBytes });
  const { address } = options;
  if (options.format === undefined) refuseForeign(file);
  const format =
    options.format ??
    detectFormat(file, options.fileName) ??
    (address === undefined ? undefined : ('bin' as const));
  if (format === undefined) throw new Fault('image-format-unknown');
  if (format === 'bin') {
    if (address === undefined) throw new Fault('image-address-missing', { format: 'raw binary' });
    return readRawBinary(file, address);
  }
  if (format === 'dfu') return readDfu(file, address);
  if (address !== undefined) throw new Fault('image-address-not-allowed', { format });
  if (format === 'elf') return readElf(file);
  return format === 'hex' ? readIntelHex(file) : readSrec(file);
}
