// The receipt: what a chip signs about what it holds. Codec alone (spec/receipt.md sections 1 and 2);
// what it proves is verify-receipt.ts.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import {
  arrayOf,
  boolean,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  integer,
  oneOf,
  optionalField,
  type Schema,
  signCoseWith,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  count,
  effectiveReadoutLevel,
  encodeOptionValues,
  type OptionValue,
  type Origin,
  openSigned,
  optionValues,
  originNumber,
  originValue,
  type ReadoutLevel,
  readObject,
  readoutLevels,
  type SignedKind,
  shortText,
} from '@firmseal/formats';

export const receiptKind: SignedKind = {
  typ: 'application/firmseal-receipt',
  payloadMaxBytes: 1152,
  malformed: 'receipt-malformed',
  invalid: 'receipt-signature-invalid',
};
const profile = 'tag:firmseal,2026:receipt-1';
/**
 * EAT dbgstat by effective level (RFC 9711 section 4.2.9): enabled, disabled, disabled fully and permanently.
 */
const debugStatus = [0, 1, 4] as const;

/** In the order of their numbers, from 0. */
export const receiptResults = ['installed', 'given-up', 'on-trial', 'gone'] as const;
export type ReceiptResult = (typeof receiptResults)[number];

export interface Receipt {
  /** The challenge when `fresh`, else the license's nonce for the receipt; 32 bytes. */
  readonly nonce: Bytes;
  readonly thumbprint: Bytes;
  /** False means NOT FRESH. */
  readonly fresh: boolean;
  readonly manifestDigest: Bytes;
  readonly licenseId: Bytes;
  readonly jobId: Bytes;
  readonly installCount: number;
  /**
   * In the manifest's order: keyed digest of firmware and per-device data, length in bytes of generated keys.
   */
  readonly areas: readonly (Bytes | number)[];
  readonly optionBytes: readonly OptionValue[];
  readonly securityCounter: number;
  /** As read. */
  readonly readoutLevel: ReadoutLevel;
  readonly result: ReceiptResult;
  readonly agentVersion: number;
  readonly chipId: string;
  /** What the chip says: its effective level is below the one from which the catalogue calls it tier B. */
  readonly unprotected: boolean;
  readonly licenseDigest: Bytes;
  /** The content of flash was measured for this receipt. */
  readonly measured: boolean;
  readonly origin: Origin;
  readonly levelKey: boolean;
  /** Of the agent that the install brought; left out for firmware. */
  readonly agent?: { readonly version: number; readonly counter: number };
}

const areaEvidence: Schema<Bytes | number> = (value, what) =>
  typeof value === 'number' ? count(value, what) : bytes32(value, what);

const receiptShape = {
  nonce: field(10, bytes32),
  ueid: field(256, byteString(33)),
  dbgstat: field(263, oneOf(...debugStatus)),
  profile: field(265, oneOf(profile)),
  fresh: field(-70001, boolean),
  manifestDigest: field(-70002, bytes32),
  licenseId: field(-70003, bytes16),
  jobId: field(-70004, bytes16),
  installCount: field(-70005, count),
  areas: field(-70006, arrayOf(areaEvidence, 1, 8)),
  optionBytes: field(-70007, optionValues),
  securityCounter: field(-70008, count),
  readoutLevel: field(-70009, oneOf(...readoutLevels)),
  result: field(-70010, integer(0, receiptResults.length - 1)),
  agentVersion: field(-70011, count),
  chipId: field(-70012, shortText),
  unprotected: field(-70013, boolean),
  licenseDigest: field(-70014, bytes32),
  measured: field(-70015, boolean),
  origin: field(-70016, originValue),
  levelKey: field(-70017, boolean),
  agent: optionalField(-70018, tuple(count, count)),
};

/** A payload whose signature held, or that is only shown. Throws `receipt-malformed`. */
export function readReceiptPayload(payload: Uint8Array): Receipt {
  const shape = readObject(payload, 'receipt-malformed', 'receipt', receiptShape);
  const { ueid, dbgstat, profile: _, result: number, agent, ...rest } = shape;
  const result = receiptResults[number]!;
  const consistent =
    ueid[0] === 1 &&
    dbgstat === debugStatus[effectiveReadoutLevel(rest)] &&
    (rest.fresh || !(rest.measured || result === 'gone'));
  if (!consistent) throw new Fault('receipt-malformed');
  const receipt = { ...rest, result, thumbprint: ueid.slice(1) };
  return agent ? { ...receipt, agent: { version: agent[0], counter: agent[1] } } : receipt;
}

/** Shape alone: nothing in it can be believed. Throws `receipt-malformed`. */
export function parseReceiptUnverified(bytes: Uint8Array): Receipt {
  return readReceiptPayload(openSigned(bytes, receiptKind).payload);
}

/** Signs a receipt as a chip does; for chips of software and for tests. */
export function makeReceipt(crypto: Crypto, signer: CoseSigner, receipt: Receipt): Promise<Bytes> {
  const { agent } = receipt;
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [10, receipt.nonce],
      [256, concatBytes(Uint8Array.of(1), receipt.thumbprint)],
      [263, debugStatus[effectiveReadoutLevel(receipt)]],
      [265, profile],
      [-70001, receipt.fresh],
      [-70002, receipt.manifestDigest],
      [-70003, receipt.licenseId],
      [-70004, receipt.jobId],
      [-70005, receipt.installCount],
      [-70006, [...receipt.areas]],
      [-70007, encodeOptionValues(receipt.optionBytes)],
      [-70008, receipt.securityCounter],
      [-70009, receipt.readoutLevel],
      [-70010, receiptResults.indexOf(receipt.result)],
      [-70011, receipt.agentVersion],
      [-70012, receipt.chipId],
      [-70013, receipt.unprotected],
      [-70014, receipt.licenseDigest],
      [-70015, receipt.measured],
      [-70016, originNumber(receipt.origin)],
      [-70017, receipt.levelKey],
      ...(agent ? ([[-70018, [agent.version, agent.counter]]] as const) : []),
    ]),
  );
  return signCoseWith(crypto, { signer, typ: receiptKind.typ, payload });
}
