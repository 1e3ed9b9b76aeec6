// An attacker asks for two hellos and glitches the second signature. If both signatures use the same secret number
// k, and one of them has a wrong point, they give the private key away: s = (h + r x) / k and s' = (h' + r' x) / k are
// two equations for k and x. The agent must not let that happen: k differs from signature to signature, and a
// signature that does not verify never leaves. BearSSL signs here as machine code.

import { concatBytes, equalBytes } from '@firmseal/bytes';
import { decodeCbor, openCose, signatureInput } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { helloTyp } from '@firmseal/license';
import { answerBit, FrameReader, requestTypes } from '@firmseal/link';
import { beforeAll, describe, expect, test } from 'vitest';
import { targetOf } from '../../device/agent/toolchain/targets.ts';
import { buildAgent } from '../../device/agent/toolchain/thumb.ts';
import { hasTool } from '../../tools/toolchain.ts';
import { type End, ForksEnd } from './glitcher.ts';
import { Target } from './target.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

/** Order of the group P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const modulo = (value: bigint) => ((value % order) + order) % order;

function inverse(value: bigint): bigint {
  let [result, base, exponent] = [1n, modulo(value), order - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}

interface Signed {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The signed hello of an answer `[certificate, hello]`. */
function signedOf(payload: Uint8Array): Signed {
  const [, hello] = decodeCbor(payload, { maxBytes: 4096 }) as Uint8Array[];
  const opened = openCose(hello!, helloTyp);
  return { message: signatureInput(helloTyp, opened.payload), signature: opened.signature };
}

/** The private key, if both signatures used the same secret number: s may have been made low in either. */
function keyOf(one: Signed, other: Signed, publicKey: Uint8Array): Uint8Array | undefined {
  const [h1, h2] = [one, other].map(({ message }) => toNumber(crypto.sha256(message))) as [bigint, bigint];
  const [r1, r2] = [one, other].map(({ signature }) => toNumber(signature.subarray(0, 32))) as [bigint, bigint];
  const [s1, s] = [one, other].map(({ signature }) => toNumber(signature.subarray(32))) as [bigint, bigint];
  for (const s2 of [s, order - s]) {
    const divisor = modulo(s1 * r2 - s2 * r1);
    if (divisor === 0n) continue;
    const key = modulo((s2 * h1 - s1 * h2) * inverse(divisor));
    if (key === 0n) continue;
    const bytes = Buffer.from(key.toString(16).padStart(64, '0'), 'hex');
    const pair = crypto.p256FromPrivate(bytes);
    if (pair !== undefined && equalBytes(pair.publicKey, publicKey)) return bytes;
  }
  return undefined;
}

/** Status and payload of the answer among bytes that the agent sent. */
function answerOf(sent: readonly number[]): { status: number; payload: Uint8Array } | undefined {
  let answer: { status: number; payload: Uint8Array } | undefined;
  new FrameReader().push(Uint8Array.from(sent), ({ type, body }) => {
    if (type === (requestTypes.hello | answerBit))
      answer = { status: body[0]! | (body[1]! << 8), payload: body.slice(2) };
  });
  return answer;
}

/** Where in the signature an instruction is skipped, in parts of it: the scalar multiplication is its first two thirds. */
const places = [0.15, 0.25, 0.35, 0.45, 0.55] as const;

describe.skipIf(!canBuild)('two hellos, the second one with a skipped instruction in its signature', () => {
  let target: Target;
  let first: Signed;
  const second: { end: End; sent: number[] }[] = [];
  const challenge = new Uint8Array(0);

  beforeAll(async () => {
    target = new Target(buildAgent(targetOf('stm32f427', 'shipping')));
    await target.personalize();
    const { line, glitcher, code } = target;
    line.hello();
    const sign = code.symbols.get('fs_crypto_es256_sign')!.address & ~1;
    const library = { address: sign, call: 1, family: [] };
    const quiet = { pollsToEnd: Number.POSITIVE_INFINITY, instructionsMost: 0, ended: () => {} };
    // Only this call runs as machine code: the host computes the rest.
    glitcher.arm({ ...quiet, library, forks: [] });
    first = signedOf(line.request(requestTypes.hello, challenge));
    const { librarySteps: steps, polls } = glitcher;
    glitcher.disarm();
    const forks = places.map((place) => {
      const step = Math.floor(place * steps!);
      return { step, glitches: [{ address: sign, occurrence: step, length: 1 as const }] };
    });
    glitcher.arm({
      ...{ library, forks, pollsToEnd: polls - 60, instructionsMost: 2 * steps! + 5_000_000 },
      ended: (_, end) => void second.push({ end, sent: [...glitcher.sent] }),
    });
    try {
      line.try(requestTypes.hello, challenge);
    } catch (error) {
      if (!(error instanceof ForksEnd)) throw error;
    }
    glitcher.disarm();
  });

  const hellos = () =>
    second.flatMap(({ sent }) => {
      const answer = answerOf(sent);
      return answer?.status === 0 ? [signedOf(answer.payload)] : [];
    });

  test('the first one is good, and every glitch hit', () => {
    const { signingKey } = target.line.device!;
    expect(crypto.verifyEs256(signingKey, first.message, first.signature)).toBe(true);
    expect(second).toHaveLength(places.length);
    expect(second.filter(({ end }) => end === 'waits').length).toBeGreaterThan(0);
  });

  test('no pair of hellos gives the private key away', () => {
    const { signingKey } = target.line.device!;
    const keys = hellos().map((hello) => keyOf(first, hello, signingKey));
    expect(keys.filter((key) => key !== undefined).length).toBe(0);
  });

  test('a hello that leaves is signed right, and is not the first one again', () => {
    const { signingKey } = target.line.device!;
    for (const { message, signature } of hellos()) {
      expect(crypto.verifyEs256(signingKey, message, signature)).toBe(true);
      expect(equalBytes(concatBytes(message), first.message)).toBe(false);
    }
  });
});

test('the attack is one: two signatures with the same secret number, one of them wrong, give the key', () => {
  const pair = crypto.generateP256();
  const [x, k] = [toNumber(pair.privateKey), 0x1234567890abcdefn];
  const message = Uint8Array.of(1, 2, 3);
  const h = toNumber(crypto.sha256(message));
  const signedWith = (r: bigint): Signed => {
    const s = modulo(inverse(k) * (h + r * x));
    const hex = [r, s].map((value) => value.toString(16).padStart(64, '0')).join('');
    return { message, signature: Buffer.from(hex, 'hex') };
  };
  expect(keyOf(signedWith(77n), signedWith(78n), pair.publicKey)).toEqual(Buffer.from(pair.privateKey));
});
