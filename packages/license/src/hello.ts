// The hello: what a chip says of itself, signed over the other side's challenge. spec/device.md section 3.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  integer,
  nullable,
  oneOf,
  signCoseWith,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  checkSigned,
  count,
  type DevicePublic,
  encodeOptionValues,
  type OptionValue,
  openSigned,
  optionValues,
  readObject,
  readoutLevels,
  shortText,
} from '@firmseal/formats';
import type { ReadoutLevel } from '@firmseal/seal';

export const helloTyp = 'application/firmseal-hello';

/** In the order of their numbers on the wire, from 0 (spec/agent.md section 2). */
export const lifeCycles = [
  ...(['blank', 'personalized', 'installing', 'installed'] as const),
  ...(['erased', 'trial', 'reverted'] as const),
] as const;
export type LifeCycle = (typeof lifeCycles)[number];

export interface Hello {
  /** Of the other side: 0 to 32 bytes, empty when offline. */
  readonly challenge: Bytes;
  /** The chip's current one, 16 bytes: a session license answers it. */
  readonly nonce: Bytes;
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly lifeCycle: LifeCycle;
  readonly optionBytes: readonly OptionValue[];
  readonly readoutLevel: ReadoutLevel;
  readonly securityCounter: number;
  readonly epoch: number;
  readonly installCount: number;
  readonly agentVersion: number;
  /** Digest of the manifest in flash or being installed. */
  readonly manifestDigest?: Bytes;
}

const helloShape = {
  formatVersion: field(0, oneOf(1)),
  challenge: field(1, byteString(0, 32)),
  nonce: field(2, bytes16),
  thumbprint: field(3, bytes32),
  chipId: field(4, shortText),
  lifeCycle: field(5, integer(0, lifeCycles.length - 1)),
  optionBytes: field(6, optionValues),
  readoutLevel: field(7, oneOf(...readoutLevels)),
  securityCounter: field(8, count),
  epoch: field(9, count),
  installCount: field(10, count),
  agentVersion: field(11, count),
  manifestDigest: field(12, nullable(bytes32)),
};

function readHello(payload: Uint8Array): Hello {
  const { formatVersion, lifeCycle, manifestDigest, ...rest } = readObject(
    payload,
    'hello-malformed',
    'hello',
    helloShape,
  );
  return {
    ...rest,
    lifeCycle: lifeCycles[lifeCycle]!,
    ...(manifestDigest === null ? {} : { manifestDigest }),
  };
}

/** Shape alone: nothing in it can be believed. Throws `hello-malformed`. */
export function parseHelloUnverified(bytes: Uint8Array): Hello {
  return readHello(openSigned(bytes, helloTyp, 'hello-malformed').payload);
}

/**
 * The hello of a device whose keys are known. Throws, in this order, `hello-malformed`,
 * `hello-signature-invalid`, `hello-thumbprint-wrong`, and when a challenge is given `hello-challenge-wrong`.
 */
export function verifyHello(
  crypto: Crypto,
  inputs: { hello: Uint8Array; device: DevicePublic; challenge?: Uint8Array },
): Hello {
  const object = openSigned(inputs.hello, helloTyp, 'hello-malformed');
  const hello = readHello(object.payload);
  const { signingKey, thumbprint } = inputs.device;
  checkSigned(crypto, object, { publicKey: signingKey, invalid: 'hello-signature-invalid' });
  if (!equalBytes(hello.thumbprint, thumbprint)) throw new Fault('hello-thumbprint-wrong');
  if (inputs.challenge && !equalBytes(hello.challenge, inputs.challenge))
    throw new Fault('hello-challenge-wrong');
  return hello;
}

/** Signs a hello as a chip does; for chips of software and for tests. */
export function makeHello(crypto: Crypto, signer: CoseSigner, hello: Hello): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, hello.challenge],
      [2, hello.nonce],
      [3, hello.thumbprint],
      [4, hello.chipId],
      [5, lifeCycles.indexOf(hello.lifeCycle)],
      [6, encodeOptionValues(hello.optionBytes)],
      [7, hello.readoutLevel],
      [8, hello.securityCounter],
      [9, hello.epoch],
      [10, hello.installCount],
      [11, hello.agentVersion],
      [12, hello.manifestDigest ?? null],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: helloTyp, payload });
}
