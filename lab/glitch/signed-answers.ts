// What the agent says under its signature: no faulty signature may leave, no secret, and no nonce that a
// glitch chose. A signature that the agent verified is right whatever became of the frame that carries it;
// one that it found wrong, or never looked at, must not be in there.

import { equalBytes, toHex } from '@firmseal/bytes';
import { decodeCbor } from '@firmseal/cbor-cose';
import { helloKind, receiptKind } from '@firmseal/license';
import { answerBit, FrameReader, requestTypes } from '@firmseal/link';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { contains } from '../../device/agent/test/attacker.ts';
import { pattern } from '../../device/agent/test/trusted-site.ts';
import type { Scenario } from './scenario.ts';
import { nonceBy, type Signed, signedOf, verifies } from './signed.ts';
import type { Target } from './target.ts';

const requests = {
  hello: { type: requestTypes.hello, typ: helloKind.typ },
  receipt: { type: requestTypes.receipt, typ: receiptKind.typ },
} as const;

const blank = new Uint8Array(64);

export class SignedAnswers {
  readonly #target: Target;
  readonly #kind: keyof typeof requests;
  readonly #keys: ReturnType<Target['identityKeys']>;
  /** Nonce of the unharmed run, whose random bytes all runs of a plan share. */
  #expected: bigint | undefined;
  /** Nonce of a right signature that left in the last run and is another one. */
  odd: bigint | undefined;

  constructor(target: Target, kind: keyof typeof requests) {
    this.#target = target;
    this.#kind = kind;
    this.#keys = target.identityKeys();
  }

  #read(payload: Uint8Array): Signed {
    const { typ } = requests[this.#kind];
    if (this.#kind === 'receipt') return signedOf(payload, typ);
    const [, hello] = decodeCbor(payload.slice(), { maxBytes: 4096 }) as Uint8Array[];
    return signedOf(hello!, typ);
  }

  /** The answer of the unharmed run. */
  learn(payload: Uint8Array): void {
    this.#expected = nonceBy(this.#keys.signingPrivate, this.#read(payload));
  }

  leaks(): boolean {
    const { sent, presented } = this.#target.glitcher;
    this.odd = undefined;
    let isBad = false;
    const bytes = Uint8Array.from(sent);
    if (this.#keys.secrets.some((secret) => contains(bytes, secret))) return true;
    new FrameReader().push(bytes, ({ type, body }) => {
      if (this.#keys.secrets.some((secret) => contains(body, secret))) isBad = true;
      for (const [signature, isRight] of presented)
        if (!isRight && toHex(body).includes(signature)) isBad = true;
      if (type !== (requests[this.#kind].type | answerBit) || body[0] !== 0 || body[1] !== 0) return;
      isBad ||= this.#isFaulty(body.slice(2), [...presented.values()].includes(true));
    });
    return isBad;
  }

  /** A good answer. `wasVerified`: by the agent. */
  #isFaulty(payload: Uint8Array, wasVerified: boolean): boolean {
    let signed: Signed;
    try {
      signed = this.#read(payload);
    } catch {
      return !wasVerified && !equalBytes(payload.slice(-64), blank);
    }
    if (!verifies(this.#keys.signingPublic, signed))
      return !wasVerified && !equalBytes(signed.signature, blank);
    const nonce = nonceBy(this.#keys.signingPrivate, signed);
    if (this.#expected !== undefined && nonce !== this.#expected) this.odd = nonce;
    return false;
  }
}

/** Good requests for what the agent signs. */
export function signings(target: Target, installed: ChipSnapshot): Scenario[] {
  return (['hello', 'receipt'] as const).map((kind) => {
    const answers = new SignedAnswers(target, kind);
    return {
      name: `${kind}, signed otherwise`,
      from: installed,
      before: [],
      request: { type: requests[kind].type, body: pattern(32, 6) },
      statusIsNothing: true,
      isBad: () => false,
      leaks: () => answers.leaks(),
      answers,
      after: [],
    };
  });
}
