// DFU files: ST's DfuSe format version 1 (UM0391, "DfuSe file format specification") with
// targets and addresses, and plain DFU 1.1 files (USB Device Firmware Upgrade 1.1, appendix B),
// which are a raw binary with a suffix.

import { crc32Update } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { FieldReader } from './field-reader.ts';
import type { FirmwareImage } from './firmware-image.ts';
import { segmentsAt } from './raw-binary.ts';
import { SegmentCollector, segmentCountMax } from './segment.ts';
import { printable } from './text.ts';

/**
 * One memory of a device (a USB alternate setting); `name` is printable ASCII,
 * empty when the file gives none.
 */
export interface DfuTarget {
  readonly alternateSetting: number;
  readonly name: string;
  readonly elements: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/**
 * 0xFFFF stands for any in `vendorId`, `productId` and `deviceVersion`. Exactly one of `targets` (DfuSe) and
 * `payload` (DFU 1.1) is set. Bytes are views of the file.
 */
export interface DfuFile {
  readonly vendorId: number;
  readonly productId: number;
  readonly deviceVersion: number;
  readonly targets?: readonly DfuTarget[];
  readonly payload?: Uint8Array;
}

const suffixSizeBytes = 16;
const prefixSizeBytes = 11;
const targetPrefixSizeBytes = 274;
const elementPrefixSizeBytes = 8;
const versionDfuSe = 0x011a;
const versionsDfu = [0x0100, 0x0110];

const startsWith = (bytes: Uint8Array, text: string) =>
  bytes.length >= text.length && [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));

/** True when the file begins with the DfuSe signature. */
export function hasDfuSePrefix(file: Uint8Array): boolean {
  return startsWith(file, 'DfuSe');
}

/** True when the file ends with the signature of a DFU suffix. */
export function hasDfuSuffix(file: Uint8Array): boolean {
  return file.length >= suffixSizeBytes && startsWith(file.subarray(-8), 'UFD');
}

const hex4 = (value: number) => `0x${value.toString(16).padStart(4, '0')}`;

/**
 * suffix = bcdDevice(2) idProduct(2) idVendor(2) bcdDFU(2) 'UFD' bLength(1) dwCRC(4), little-endian, the
 * file's last bytes; bLength may exceed 16. dwCRC covers all before it: CRC-32 without the final inversion.
 */
function readSuffix(file: Uint8Array) {
  if (!hasDfuSuffix(file)) throw new Fault('image-dfu-suffix-missing');
  const suffix = new FieldReader(file.subarray(-suffixSizeBytes), 'The DFU suffix');
  if (crc32Update(0xffffffff, file.subarray(0, -4)) !== suffix.u32(12)) throw new Fault('image-dfu-crc');
  const sizeBytes = suffix.u8(11);
  if (sizeBytes < suffixSizeBytes || sizeBytes > file.length)
    throw new Fault('image-dfu-invalid', { detail: `its suffix states a length of ${sizeBytes} bytes` });
  return {
    deviceVersion: suffix.u16(0),
    productId: suffix.u16(2),
    vendorId: suffix.u16(4),
    dfuVersion: suffix.u16(6),
    body: file.subarray(0, file.length - sizeBytes),
  };
}

/** Counts elements over the whole file, so that 255 targets together stay within the limit of segments. */
interface Cursor {
  offset: number;
  elementCount: number;
}

/**
 * target = 'Target' bAlternateSetting(1) bTargetNamed(4) szTargetName(255) dwTargetSize(4) dwNbElements(4)
 * element*; element = dwElementAddress(4) dwElementSize(4) data.
 */
function readTarget(body: FieldReader, cursor: Cursor): DfuTarget {
  const prefix = new FieldReader(body.slice(cursor.offset, targetPrefixSizeBytes), 'The DFU target');
  if (!startsWith(prefix.slice(0, 6), 'Target'))
    throw new Fault('image-dfu-invalid', { detail: 'a target does not begin with its signature' });
  const start = cursor.offset + targetPrefixSizeBytes;
  const end = start + prefix.u32(266);
  body.require(start, prefix.u32(266));
  const count = prefix.u32(270);
  cursor.elementCount += count;
  if (cursor.elementCount > segmentCountMax)
    throw new Fault('image-too-many-segments', { most: segmentCountMax });
  const elements: { address: number; bytes: Uint8Array }[] = [];
  cursor.offset = start;
  for (let i = 0; i < count; i++) {
    const address = body.u32(cursor.offset);
    const sizeBytes = body.u32(cursor.offset + 4);
    elements.push({ address, bytes: body.slice(cursor.offset + elementPrefixSizeBytes, sizeBytes) });
    cursor.offset += elementPrefixSizeBytes + sizeBytes;
  }
  if (cursor.offset !== end)
    throw new Fault('image-dfu-invalid', { detail: 'the elements of a target differ from its size' });
  const name = prefix.u32(7) === 0 ? '' : printable(prefix.slice(11, 255));
  return { alternateSetting: prefix.u8(6), name, elements };
}

/**
 * prefix = 'DfuSe' bVersion(1) DFUImageSize(4) bTargets(1), then the targets; every byte is
 * consumed. DFUImageSize leaves the suffix out in files of ST's tool and counts it in files of
 * dfu-util's dfuse-pack: both are accepted.
 */
function readTargets(body: Uint8Array, fileSizeBytes: number): DfuTarget[] {
  const reader = new FieldReader(body, 'The DFU file');
  reader.require(0, prefixSizeBytes);
  if (reader.u8(5) !== 1)
    throw new Fault('image-dfu-version', { field: 'prefix version', found: reader.u8(5), expected: 1 });
  if (reader.u32(6) !== body.length && reader.u32(6) !== fileSizeBytes)
    throw new Fault('image-dfu-invalid', {
      detail: `it states ${reader.u32(6)} bytes and has ${body.length}`,
    });
  const cursor: Cursor = { offset: prefixSizeBytes, elementCount: 0 };
  const targets = Array.from({ length: reader.u8(10) }, () => readTarget(reader, cursor));
  if (cursor.offset !== body.length)
    throw new Fault('image-dfu-invalid', { detail: 'bytes follow its last target' });
  return targets;
}

/** Reads the structure of a DFU file. Throws `image-dfu-*`, `bytes-truncated`, `image-too-many-segments`. */
export function readDfuFile(file: Uint8Array): DfuFile {
  const { dfuVersion, body, ...ids } = readSuffix(file);
  const withTargets = hasDfuSePrefix(body);
  if (withTargets ? dfuVersion !== versionDfuSe : !versionsDfu.includes(dfuVersion))
    throw new Fault('image-dfu-version', {
      field: 'bcdDFU',
      found: hex4(dfuVersion),
      expected: withTargets ? hex4(versionDfuSe) : versionsDfu.map(hex4).join(' or '),
    });
  return withTargets ? { ...ids, targets: readTargets(body, file.length) } : { ...ids, payload: body };
}

/**
 * Reads a DFU file's bytes to program. A plain DFU 1.1 file needs `address` (`image-address-missing`), a
 * DfuSe file refuses it (`image-address-not-allowed`).
 */
export function readDfu(file: Uint8Array, address?: number): FirmwareImage {
  const { vendorId, productId, targets, payload } = readDfuFile(file);
  const notes = [`for USB device ${hex4(vendorId)}:${hex4(productId)}`];
  if (payload) {
    if (address === undefined) throw new Fault('image-address-missing', { format: 'DFU 1.1' });
    return { format: 'dfu', segments: segmentsAt(payload, address, 'DFU 1.1'), notes };
  }
  if (address !== undefined) throw new Fault('image-address-not-allowed', { format: 'DfuSe' });
  const collector = new SegmentCollector();
  for (const target of targets ?? []) {
    notes.push(`target ${target.alternateSetting} "${target.name}", elements: ${target.elements.length}`);
    for (const element of target.elements) collector.add(element.address, element.bytes);
  }
  return { format: 'dfu', segments: collector.finish('DfuSe'), notes };
}
