// The answer to a hello: certificate and signed hello, both as encoded. Nothing is verified here;
// packages/license and packages/certificate do that. spec/link.md section 3.

import type { Bytes } from '@firmseal/bytes';
import { byteString, decodeCbor, tuple } from '@firmseal/cbor-cose';
import { frameLongestContentBytes } from '@firmseal/link';
import { readPayload } from './payload.ts';

export interface HelloAnswer {
  /** X.509, DER. */
  readonly certificate: Bytes;
  /** COSE_Sign1 by the device. */
  readonly hello: Bytes;
}

/** The certificate's limit is that of spec/encoding.md; the frame bounds the hello. */
const schema = tuple(byteString(1, 1024), byteString(1, 4096));

/** Throws `link-answer-malformed`. */
export function readHelloAnswer(payload: Uint8Array): HelloAnswer {
  const [certificate, hello] = readPayload('hello', () =>
    schema(decodeCbor(payload, { maxBytes: frameLongestContentBytes }), 'hello'),
  );
  return { certificate, hello };
}
