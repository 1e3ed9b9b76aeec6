// Answers of a device, made malformed by a seeded plan: cut, lengthened, flipped, doubled, replaced, left
// out. How often is drawn for each session, so that some devices lie once and some all the time.

export interface Mutation {
  /** Undefined: no answer at all. */
  readonly bytes: Uint8Array | undefined;
  readonly malformed: boolean;
}

/** Numbers from 0 up to, not including, 1. */
export type Random = () => number;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const noise = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => below(random, 256));

/** Values that break bounds: counts and lengths of nothing, of everything. */
const extremes = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] as const;

const kinds: readonly ((bytes: Uint8Array, random: Random) => Uint8Array | undefined)[] = [
  () => undefined,
  () => new Uint8Array(0),
  (bytes, random) => bytes.slice(0, below(random, bytes.length + 1)),
  (bytes, random) => Uint8Array.from([...bytes, ...noise(random, 1 + below(random, 40))]),
  (bytes) => Uint8Array.from([...bytes, ...bytes]),
  (bytes, random) => noise(random, below(random, 2 * bytes.length + 8)),
  (bytes, random) => bytes.map((byte) => (random() < 0.2 ? byte ^ (1 << below(random, 8)) : byte)),
  (bytes, random) => {
    const changed = bytes.slice();
    if (changed.length > 0)
      changed[below(random, changed.length)] = extremes[below(random, extremes.length)]!;
    return changed;
  },
  (_, random) => noise(random, 1 + below(random, 5000)),
];

/** Mutates each answer with the probability of this session. */
export class Mutator {
  readonly #random: Random;
  readonly #probability: number;
  /** Answers that were made malformed. */
  malformed = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#probability = [0.005, 0.02, 0.1, 0.3, 0.7, 1][below(random, 6)]!;
  }

  get random(): Random {
    return this.#random;
  }

  mutate(bytes: Uint8Array): Mutation {
    if (this.#random() >= this.#probability) return { bytes, malformed: false };
    this.malformed++;
    const kind = kinds[below(this.#random, kinds.length)]!;
    return { bytes: kind(bytes, this.#random), malformed: true };
  }
}
