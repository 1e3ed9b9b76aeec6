// Signed objects: COSE_Sign1 (RFC 9052, section 4.2), tag 18, ES256, in the one form of spec/encoding.md,
// section 2. What the payload means, whose key is due, and the limits of each payload
// belong to the formats above.

import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { decodeCbor } from './decode-cbor.ts';
import { encodeCbor } from './encode-cbor.ts';
import { byteString, field, mapOf, oneOf, readMap, textString, tuple } from './schema.ts';

/** Longest signed object that is looked at; the formats hold their payloads to less. */
export const coseSizeBytesAtMost = 65_536;

const tag18 = 0xd2; // major type 6, argument 18
const signatureSizeBytes = 64;

// RFC 9052, section 3.1: 1 = alg; RFC 9053, table 1: -7 = ES256; RFC 9596: 16 = typ.
const encodeHeader = (typ: string): Bytes =>
  encodeCbor(
    new Map<number, number | string>([
      [1, -7],
      [16, typ],
    ]),
  );
/** Of every type that this program has written or read: as many as the formats have. */
const headers = new Map<string, Bytes>();
function protectedHeader(typ: string): Bytes {
  const header = headers.get(typ) ?? encodeHeader(typ);
  headers.set(typ, header);
  return header;
}
const empty = new Uint8Array(0);
const headerShape = { algorithm: field(1, oneOf(-7)), typ: field(16, textString(1, 128)) };

const sign1 = tuple(
  byteString(0, coseSizeBytesAtMost), // protected header
  mapOf({}), // unprotected header
  byteString(0, coseSizeBytesAtMost), // payload
  byteString(signatureSizeBytes), // r || s
);

/** The encoded Sig_structure ["Signature1", protected, h'', payload]: what the signature covers. */
export function signatureInput(typ: string, payload: Uint8Array): Bytes {
  return encodeCbor(['Signature1', protectedHeader(typ), empty, payload]);
}

/** Digest of an object: SHA-256 of its Sig_structure; signing again does not change it. */
export function objectDigest(crypto: Crypto, typ: string, payload: Uint8Array): Bytes {
  return crypto.sha256(signatureInput(typ, payload));
}

function assemble(typ: string, payload: Uint8Array, signature: Uint8Array): Bytes {
  const body = encodeCbor([protectedHeader(typ), new Map(), payload, signature]);
  return concatBytes(Uint8Array.of(tag18), body);
}

/** The signed object, with a private key at hand (32 bytes). */
export function signCose(
  crypto: Crypto,
  { privateKey, typ, payload }: { privateKey: Uint8Array; typ: string; payload: Uint8Array },
): Bytes {
  return assemble(typ, payload, crypto.signEs256(privateKey, signatureInput(typ, payload)));
}

/** Whoever can sign without showing the key: a key file, a PKCS#11 token, a service. */
export type CoseSigner = {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, low s. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
};

/**
 * The signed object, by a signer. What the signer returns is verified before it is handed on: a wrong key or
 * a broken token is noticed here, `cose-signature-invalid`, and not by a chip.
 */
export async function signCoseWith(
  crypto: Crypto,
  {
    signer,
    typ,
    payload,
    callerVerifies = false,
  }: { signer: CoseSigner; typ: string; payload: Uint8Array; callerVerifies?: boolean },
): Promise<Bytes> {
  const message = signatureInput(typ, payload);
  const signature = await signer.sign(message);
  if (!callerVerifies && !crypto.verifyEs256(signer.publicKey, message, signature)) {
    throw new Fault('cose-signature-invalid', { typ });
  }
  return assemble(typ, payload, signature);
}

export type OpenedCose = { payload: Bytes; signature: Bytes; signatureInput: Bytes };

/**
 * Takes a signed object apart, without verifying it. Throws `cose-malformed` (with the `cbor-...` fault as
 * its cause where there is one) or, when all of the form is right but the type, `cose-wrong-type`.
 */
export function openCose(bytes: Uint8Array, typ: string): OpenedCose {
  if (bytes[0] !== tag18) throw new Fault('cose-malformed', { what: 'it does not begin with tag 18' });
  const [header, , payload, signature] = read('its body', () =>
    sign1(decodeCbor(bytes.subarray(1), { maxBytes: coseSizeBytesAtMost }), 'object'),
  );
  if (!equalBytes(header, protectedHeader(typ))) {
    const { typ: found } = read('its protected header', () =>
      readMap(decodeCbor(header, { maxBytes: header.length }), headerShape, 'header'),
    );
    throw new Fault('cose-wrong-type', { found, expected: typ });
  }
  return { payload, signature, signatureInput: signatureInput(typ, payload) };
}

function read<T>(part: string, reading: () => T): T {
  try {
    return reading();
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault('cose-malformed', { what: `${part}: ${cause.message}` }, { cause });
  }
}

/**
 * Payload and digest of a signed object whose signature verifies with the public key (65 bytes). Throws
 * `cose-malformed`, `cose-wrong-type`, or `cose-signature-invalid` (a high s or an invalid key too).
 */
export function verifyCose(
  crypto: Crypto,
  { bytes, typ, publicKey }: { bytes: Uint8Array; typ: string; publicKey: Uint8Array },
): { payload: Bytes; digest: Bytes } {
  const opened = openCose(bytes, typ);
  if (!crypto.verifyEs256(publicKey, opened.signatureInput, opened.signature)) {
    throw new Fault('cose-signature-invalid', { typ });
  }
  return { payload: opened.payload, digest: crypto.sha256(opened.signatureInput) };
}
