// What all objects of spec/approval.md have in common when they are made: a map of the format's version and
// the values in order, for one product, which is read as every reader will read it before it is signed.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, type CoseSigner, encodeCbor, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { requireProductName, type SignedKind } from '@firmseal/formats';

const formatVersion = 1;

/**
 * The encoded object: key 0 is the version, `values` have the keys from 1 on. Rejects with
 * `product-name-invalid` and with what `read` throws.
 */
export async function signValues(
  crypto: Crypto,
  signer: CoseSigner,
  inputs: {
    readonly kind: SignedKind;
    readonly product: string;
    readonly values: readonly CborInput[];
    readonly read: (payload: Bytes) => unknown;
  },
): Promise<Bytes> {
  const { kind, product, values, read } = inputs;
  requireProductName(product);
  const entries = [formatVersion, ...values].map((value, key): [number, CborInput] => [key, value]);
  const payload = encodeCbor(new Map(entries));
  read(payload);
  return signCoseWith(crypto, { signer, typ: kind.typ, payload });
}
