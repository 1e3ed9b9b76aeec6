// Numbers of 256 bits as bytes.

import { type Bytes, fromHex, toHex } from '@firmseal/bytes';

/** 32 bytes, big-endian. */
export const bytesOf = (value: bigint): Bytes => fromHex(value.toString(16).padStart(64, '0'));

/** Of big-endian bytes. */
export const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
