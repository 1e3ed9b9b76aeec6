// The `.seal` file around header and records: spec/package.md section 1 and step 1 of its checks. Knows that
// the header holds byte strings and nothing of what they mean.

import { type Bytes, concatBytes, u32le } from '@firmseal/bytes';
import { arrayOf, byteString, encodeCbor, nullable, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { readItem, readValue, successionCountMax } from '@firmseal/formats';

/** "FSEAL", format version 1, CR, LF. */
const packageMagic: Bytes = Uint8Array.of(0x46, 0x53, 0x45, 0x41, 0x4c, 0x01, 0x0d, 0x0a);
const headerMaxBytes = 4096;
/** Magic and length of the header. */
const filePrefixBytes = 12;

/** Encoded objects, as they stand in the header's byte strings. */
export interface PackageHeader {
  readonly manifest: Bytes;
  readonly delegation: Bytes;
  readonly epoch?: Bytes;
  /** Successions of the root, oldest first. */
  readonly successions: readonly Bytes[];
  /** A license bundle for plain download tools; no part of what the owner signed. */
  readonly license?: Bytes;
}

export interface SplitPackage {
  readonly header: PackageHeader;
  readonly headerBytes: Bytes;
  /** Offset of the first record in the file. */
  readonly recordsOffset: number;
}

/** The CBOR array of five, without magic and length. Throws `package-header-too-large`. */
export function encodeHeader(header: PackageHeader): Bytes {
  const { manifest, delegation, epoch = null, successions, license = null } = header;
  const bytes = encodeCbor([manifest, delegation, epoch, [...successions], license]);
  if (bytes.length > headerMaxBytes)
    throw new Fault('package-header-too-large', { lengthBytes: bytes.length });
  return bytes;
}

/** Magic, length of the header, header: all of a file before its records. */
export function encodeFileStart(headerBytes: Uint8Array): Bytes {
  return concatBytes(packageMagic, u32le(headerBytes.length), headerBytes);
}

const object = byteString(0, headerMaxBytes);
const five = tuple(
  object,
  object,
  nullable(object),
  arrayOf(object, 0, successionCountMax),
  nullable(object),
);

/** `package-malformed` unless the bytes are the array of five. What the agent gets on its link. */
export function decodeHeader(headerBytes: Uint8Array): PackageHeader {
  const value = readItem(headerBytes, 'package-malformed');
  const items = readValue(value, 'package-malformed', 'header', five);
  const [manifest, delegation, epoch, successions, license] = items;
  return {
    ...{ manifest, delegation, successions },
    ...(epoch ? { epoch } : {}),
    ...(license ? { license } : {}),
  };
}

/**
 * Step 1. Looks at nothing behind the header. Throws, in this order: `package-magic-wrong`,
 * `package-truncated`, `package-header-too-large`, `package-truncated`, `package-malformed`.
 */
export function splitPackage(file: Uint8Array): SplitPackage {
  if (!packageMagic.every((byte, i) => file[i] === byte)) throw new Fault('package-magic-wrong');
  if (file.length < filePrefixBytes) throw new Fault('package-truncated', { lengthBytes: file.length });
  const headerLength = new DataView(file.buffer, file.byteOffset).getUint32(8, true);
  if (headerLength > headerMaxBytes)
    throw new Fault('package-header-too-large', { lengthBytes: headerLength });
  const recordsOffset = filePrefixBytes + headerLength;
  if (file.length < recordsOffset) throw new Fault('package-truncated', { lengthBytes: file.length });
  const headerBytes = file.slice(filePrefixBytes, recordsOffset);
  return { header: decodeHeader(headerBytes), headerBytes, recordsOffset };
}

/**
 * The package with a license bundle in its header, for plain download tools (spec/link.md section 5.3):
 * new magic, length and header, then the records as they were. Nothing that the owner signed changes. Throws
 * like splitPackage, and `package-header-too-large` when the license does not fit.
 */
export function attachLicense(file: Uint8Array, license: Uint8Array): readonly [Bytes, Uint8Array] {
  const { header, recordsOffset } = splitPackage(file);
  return [
    encodeFileStart(encodeHeader({ ...header, license: license.slice() })),
    file.subarray(recordsOffset),
  ];
}
