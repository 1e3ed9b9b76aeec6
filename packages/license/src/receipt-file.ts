// A receipt as a file: the receipt and every public object that its verifier needs besides the root's public
// key, so that it can be checked anywhere, without a connection. spec/receipt.md section 5.

import type { Bytes } from '@firmseal/bytes';
import { byteString, encodeCbor, nullable, oneOf, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { bytes32, readItem, readValue, word } from '@firmseal/formats';

export interface ReceiptFile {
  /** Of the device CA, encoded. */
  readonly deviceCaDelegation: Bytes;
  readonly certificate: Bytes;
  /** Package header without magic and length. */
  readonly header: Bytes;
  /** License bundle; left out where the station has not seen the license. */
  readonly bundle?: Bytes | undefined;
  readonly receipt: Bytes;
  /** That a fresh receipt answers, 32 bytes. */
  readonly challenge?: Bytes | undefined;
  /** When it was kept, seconds since 1970, by the clock of the machine that kept it. Nobody signs it. */
  readonly keptAtSeconds: number;
}

const magic = 'firmseal receipt 1';
export const receiptFileMaxBytes = 16_384;
const object = (most: number) => byteString(1, most);
const shape = tuple(
  oneOf(magic),
  object(1024),
  object(1024),
  object(4096),
  nullable(object(4096)),
  object(2048),
  nullable(bytes32),
  word,
);

export function encodeReceiptFile(file: ReceiptFile): Bytes {
  const { deviceCaDelegation, certificate, header, bundle, receipt, challenge, keptAtSeconds } = file;
  return encodeCbor([
    ...[magic, deviceCaDelegation, certificate, header, bundle ?? null, receipt],
    ...[challenge ?? null, keptAtSeconds],
  ]);
}

/** Throws `receipt-file-malformed`. Nothing in it is verified yet. */
export function readReceiptFile(bytes: Uint8Array): ReceiptFile {
  if (bytes.length > receiptFileMaxBytes) throw new Fault('receipt-file-malformed');
  const value = readItem(bytes, 'receipt-file-malformed');
  const [, deviceCaDelegation, certificate, header, bundle, receipt, challenge, keptAtSeconds] = readValue(
    value,
    'receipt-file-malformed',
    'receipt file',
    shape,
  );
  return {
    ...{ deviceCaDelegation, certificate, header, receipt, keptAtSeconds },
    ...(bundle === null ? {} : { bundle }),
    ...(challenge === null ? {} : { challenge }),
  };
}
