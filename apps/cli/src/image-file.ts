// A firmware file of the user's: bounded before it is read, with the advice that large ELF files need.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedFile } from '@firmseal/files';
import { type FirmwareImage, fileSizeMaxBytes, type ReadImageOptions, readImage } from '@firmseal/image';

function readFirmware(path: string): Bytes {
  try {
    return readBoundedFile(path, fileSizeMaxBytes);
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'file-too-large') throw cause;
    throw new Fault('image-file-too-large', { mostBytes: fileSizeMaxBytes }, { cause });
  }
}

/** Throws what readBoundedFile and readImage do, and `image-file-too-large` for one that is too large. */
export const readImageFile = (path: string, options: Omit<ReadImageOptions, 'fileName'>): FirmwareImage =>
  readImage(readFirmware(path), { ...options, fileName: path });
