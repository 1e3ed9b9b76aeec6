// The hello: what a chip says of itself, signed over the other side's challenge. spec/device.md section 3.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  boolean,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  integer,
  nullable,
  oneOf,
  type Schema,
  signCoseWith,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  count,
  type DevicePublic,
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
  sameOrigin,
  shortText,
  verifySigned,
} from '@firmseal/formats';

export const helloKind: SignedKind = {
  typ: 'application/firmseal-hello',
  payloadMaxBytes: 640,
  malformed: 'hello-malformed',
  invalid: 'hello-signature-invalid',
};

/** In the order of their numbers on the wire, from 0 (spec/agent.md section 2). */
export const lifeCycles = [
  ...(['blank', 'personalized', 'installing', 'installed'] as const),
  ...(['erased', 'trial', 'reverted', 'recovery-needed'] as const),
] as const;
export type LifeCycle = (typeof lifeCycles)[number];

export interface Hello {
  /** Of the other side: 16 to 32 bytes; empty when it gave none. */
  readonly challenge: Bytes;
  /** Drawn for this hello, 16 bytes: a session license answers it. */
  readonly nonce: Bytes;
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly lifeCycle: LifeCycle;
  readonly optionBytes: readonly OptionValue[];
  /** As read. */
  readonly readoutLevel: ReadoutLevel;
  readonly securityCounter: number;
  readonly epoch: number;
  readonly installCount: number;
  readonly agentVersion: number;
  /** Digest of the manifest in flash or being installed. */
  readonly manifestDigest?: Bytes;
  readonly origin: Origin;
  /** Whether somebody's key or password can take the readout level back. */
  readonly levelKey: boolean;
  /** Since personalization, for whatever license. */
  readonly unwraps: number;
}

const anyChallenge = byteString(0, 32);
const challengeValue: Schema<Bytes> = (value, what) =>
  value instanceof Uint8Array && value.length === 0
    ? anyChallenge(value, what)
    : byteString(16, 32)(value, what);

const helloShape = {
  formatVersion: field(0, oneOf(1)),
  challenge: field(1, challengeValue),
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
  origin: field(13, originValue),
  levelKey: field(14, boolean),
  unwraps: field(15, count),
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
  return readHello(openSigned(bytes, helloKind).payload);
}

interface HelloInputs {
  readonly hello: Uint8Array;
  readonly device: DevicePublic;
  readonly challenge?: Uint8Array;
}

/** What is signed, read and compared with the device and the challenge. */
function helloOf(payload: Uint8Array, { device, challenge }: HelloInputs): Hello {
  const { thumbprint, chipId, origin } = device;
  const hello = readHello(payload);
  if (!equalBytes(hello.thumbprint, thumbprint)) throw new Fault('hello-thumbprint-wrong');
  if (hello.chipId !== chipId) throw new Fault('hello-chip-wrong', { said: hello.chipId, certified: chipId });
  if (!sameOrigin(hello.origin, origin)) throw new Fault('hello-origin-wrong');
  if (challenge && !equalBytes(hello.challenge, challenge)) throw new Fault('hello-challenge-wrong');
  return hello;
}

/**
 * The hello of a device whose certificate was verified. Throws, in this order, `hello-malformed`,
 * `hello-signature-invalid`, `hello-malformed`, `hello-thumbprint-wrong`, `hello-chip-wrong`,
 * `hello-origin-wrong`, and when a challenge is given `hello-challenge-wrong`.
 */
export function verifyHello(crypto: Crypto, inputs: HelloInputs): Hello {
  const { signingKey: publicKey } = inputs.device;
  return helloOf(verifySigned(crypto, inputs.hello, { kind: helloKind, publicKey }).payload, inputs);
}

/** The hello whose signature somebody else verified. Throws as verifyHello what is left to check. */
export const readHelloUnverified = (inputs: HelloInputs): Hello =>
  helloOf(openSigned(inputs.hello, helloKind).payload, inputs);

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
      [13, originNumber(hello.origin)],
      [14, hello.levelKey],
      [15, hello.unwraps],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: helloKind.typ, payload });
}
