// One skipped instruction in a signature, on the machine code of the F427: what leaves the chip, and whether
// the signing key follows from it. Signatures and hashes run as machine code, all other cryptography at the
// host's speed. Each build that lacks a defence gives the key; the build that ships lets nothing out.

import { decodeCbor } from '@firmseal/cbor-cose';
import { helloKind } from '@firmseal/license';
import { describe, expect, test } from 'vitest';
import { agentConstants } from '../../../lab/glitch/agent-constants.ts';
import { hostCrypto, RunningHashes } from '../../../lab/glitch/host-crypto.ts';
import { mutantBuild } from '../../../lab/glitch/mutant-build.ts';
import { keyFromFault, type Signed, signedOf, verifies } from '../../../lab/glitch/signed.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import type { Weakening } from '../toolchain/defences.ts';
import { anchorTargetOf } from '../toolchain/targets.ts';
import { type AgentBuild, buildAgent, symbolsOf } from '../toolchain/thumb.ts';
import { type Line, NoAnswer } from './line.ts';
import { machineInSocket } from './machine-line.ts';
import { pattern } from './trusted-site.ts';

const chip = 'stm32f427';
const challenge = pattern(32, 1);

const taken = {
  nonce: { 'hello-nonce': '' },
  hedge: { 'sign-hedge': '' },
  verified: { 'sign-verified': '(void)key; (void)parts;' },
  // The second nonce is a copy of the first.
  two: {
    'sign-two-nonces':
      'static uint8_t kept[32]; static uint32_t turn;' +
      ' memcpy(turn & 1u ? out->nonce : kept, turn & 1u ? kept : out->nonce, 32); turn++;',
  },
} as const satisfies Record<string, Weakening>;

/** Twice as many as a signature takes: a glitch made a loop without an end. */
const stepsMost = 12_000_000;

class Hung extends Error {}

/** Counts the instructions of one signature, and leaves out the one that is due. */
class Bench {
  readonly line: Line;
  /** Step of the next signature that is left out, counted from the call. */
  due: number | undefined;
  /** Addresses of the last signature's instructions, in order; and how many they are. */
  readonly trace = new Uint32Array(stepsMost);
  steps = 0;
  readonly #symbols;
  /** Where the signature returns to, while it is made. */
  #inside: number | undefined;

  constructor(build: AgentBuild) {
    this.line = machineInSocket(chip, 'two hellos', build);
    const { processor } = this.line.chip.machine;
    const { core } = processor;
    this.#symbols = symbolsOf(build.elf);
    const sign = this.#symbols.get('fs_crypto_es256_sign')!.address & ~1;
    const code = { symbols: this.#symbols, constants: agentConstants(build.target) };
    const anchor = symbolsOf(buildAgent(anchorTargetOf(chip)).elf);
    const hashes = new RunningHashes();
    const functions = new Map([
      ...hostCrypto(core, code, hashes),
      ...hostCrypto(core, { ...code, symbols: anchor }, hashes),
    ]);
    functions.delete(sign);
    const execute = core.executeInstruction.bind(core);
    core.executeInstruction = () => {
      const pc = (core.PC & ~1) >>> 0;
      if (this.#inside === undefined && pc === sign) {
        this.#inside = (core.LR & ~1) >>> 0;
        this.steps = 0;
      } else if (pc === this.#inside) {
        this.#inside = undefined;
        this.due = undefined;
      }
      if (this.#inside !== undefined) {
        // All of it: the compiler has put parts of the hash into its caller.
        if (this.steps === stepsMost) throw new Hung();
        this.trace[this.steps] = pc;
        if (this.steps++ !== this.due) return execute();
        processor.passOver();
        return 1;
      }
      const quick = functions.get(pc);
      if (quick === undefined) return execute();
      quick();
      return 1;
    };
    this.line.chip.powerOn();
  }

  /** Steps of the last signature at which a function began. */
  callsOf(name: string): number[] {
    const address = this.#symbols.get(name)!.address & ~1;
    const found: number[] = [];
    for (let step = 0; step < this.steps; step++) if (this.trace[step] === address) found.push(step);
    return found;
  }

  /** A hello, with a step of its signature left out. Its fault where the agent refuses. */
  hello(due?: number): Signed | string {
    this.due = due;
    try {
      const { status, payload } = this.line.try(0x02, challenge);
      if (status !== 0) return status;
      const [, hello] = decodeCbor(payload, { maxBytes: 4096 }) as Uint8Array[];
      return signedOf(hello!, helloKind.typ);
    } catch (error) {
      if (!(error instanceof Hung || error instanceof NoAnswer)) throw error;
      this.#inside = undefined;
      this.line.chip.powerOff();
      this.line.chip.powerOn();
      return 'hung';
    }
  }
}

async function benchOf(...without: readonly (keyof typeof taken)[]): Promise<Bench> {
  const weakening = Object.assign({}, ...without.map((name) => taken[name])) as Weakening;
  const bench = new Bench(mutantBuild({ chip, without: weakening }));
  await bench.line.personalize(0);
  bench.line.hello();
  return bench;
}

const keyOf = (bench: Bench) => bench.line.device!.signingKey;

const given = (answer: Signed | string): Signed => {
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
};

/** Steps in the middle of the multiplication of the generator. */
function inMultiplication(bench: Bench): number[] {
  const calls = bench.callsOf('mul_f256');
  expect(calls.length).toBeGreaterThan(500);
  const middle = calls[calls.length >> 1]!;
  return Array.from({ length: 8 }, (_, i) => middle + 37 * (i + 1));
}

/** The step before the first call of the generator of nonces: what calls it. */
const callOfGenerator = (bench: Bench): number => bench.callsOf('br_hmac_drbg_generate')[0]! - 1;

/** The first faulty signature that leaves. */
function faulty(bench: Bench): Signed {
  for (const step of inMultiplication(bench)) {
    const answer = bench.hello(step);
    if (typeof answer !== 'string' && !verifies(keyOf(bench), answer)) return answer;
    bench.hello();
  }
  throw new Error('no glitch led to a faulty signature');
}

describe.skipIf(!hasTool('arm-none-eabi-gcc'))('two hellos, an instruction of one left out', () => {
  test('an agent of deterministic signatures that are not verified gives its key', async () => {
    const bench = await benchOf('nonce', 'hedge', 'verified');
    const right = given(bench.hello());
    expect(given(bench.hello()), 'byte for byte').toEqual(right);
    const wrong = faulty(bench);
    expect(wrong.hash).toBe(right.hash);
    expect(wrong.r).not.toBe(right.r);
    expect(keyFromFault(keyOf(bench), right, wrong)).toBeDefined();
  });

  test('hedged and not verified: a faulty signature leaves, and the key does not follow', async () => {
    const bench = await benchOf('nonce', 'verified');
    const right = given(bench.hello());
    const wrong = faulty(bench);
    expect(wrong.hash).toBe(right.hash);
    expect(keyFromFault(keyOf(bench), right, wrong)).toBeUndefined();
    expect(keyFromFault(keyOf(bench), wrong, right)).toBeUndefined();
  });

  test('one nonce for r and s: a signature under a nonce that a glitch chose verifies, and leaves', async () => {
    const bench = await benchOf('two');
    bench.hello();
    // What stood in the place of the nonce before becomes the nonce.
    const signed = given(bench.hello(callOfGenerator(bench)));
    expect(verifies(keyOf(bench), signed)).toBe(true);
  });

  test('the agent that ships lets nothing out, and no two hellos share nonce or k', async () => {
    const bench = await benchOf();
    const [one, other] = [given(bench.hello()), given(bench.hello())];
    expect(other.hash).not.toBe(one.hash);
    expect(other.r).not.toBe(one.r);
    let refused = 0;
    // Refused, since the second nonce is another one. Or what stood there is no scalar, and the generator is
    // asked again: then both nonces are the right one.
    const passedOver = bench.hello(callOfGenerator(bench));
    if (typeof passedOver === 'string') expect(passedOver).toBe('internal-check-failed');
    else expect(verifies(keyOf(bench), passedOver)).toBe(true);
    bench.hello();
    for (const step of inMultiplication(bench).slice(0, 3)) {
      const answer = bench.hello(step);
      if (typeof answer !== 'string') expect(verifies(keyOf(bench), answer)).toBe(true);
      else if (answer === 'internal-check-failed') refused++;
      expect(given(bench.hello()).r).not.toBe(one.r);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
