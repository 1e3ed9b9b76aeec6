// Runs the differential fuzzer for a number of inputs of each kind and reports what both sides said, and
// every input on which they did not agree.

import { toHex } from '@firmseal/bytes';
import type { Weakening } from '../../device/agent/toolchain/defences.ts';
import { Differential, type DifferentialKind, differentialKinds } from './differential.ts';

/** Of a hundred inputs; cheap kinds more often. */
const shares: Record<DifferentialKind, number> = {
  cbor: 24,
  cose: 14,
  authority: 18,
  header: 18,
  license: 9,
  records: 5,
  frames: 12,
};

export interface KindReport {
  readonly kind: DifferentialKind;
  readonly runs: number;
  /** How often each verdict was met. */
  readonly verdicts: ReadonlyMap<string, number>;
  readonly disagreements: readonly string[];
}

const seedStep = 0x9e37_79b9; // odd: each seed once in 2^32

/** The seed of an input; with kind and number it can be run again. */
const seedOf = (firstSeed: number, index: number): number => (firstSeed + Math.imul(index, seedStep)) >>> 0;

/**
 * `runs` inputs in all; the same `firstSeed` gives the same ones. `weakening`:
 * defences taken away from the agent.
 */
export async function runDifferential(
  { runs, firstSeed, weakening }: { runs: number; firstSeed: number; weakening?: Weakening },
  onKind: (report: KindReport) => void = () => {},
): Promise<KindReport[]> {
  const differential = await Differential.create(weakening);
  return differentialKinds.map((kind) => {
    const verdicts = new Map<string, number>();
    const disagreements: string[] = [];
    const count = Math.ceil((runs * shares[kind]) / 100);
    for (let i = 0; i < count; i++) {
      const seed = seedOf(firstSeed, i);
      const { packages, agent, input } = differential.run(kind, seed);
      verdicts.set(packages, (verdicts.get(packages) ?? 0) + 1);
      if (packages !== agent)
        disagreements.push(`${kind}, seed ${seed}: packages ${packages}, agent ${agent}: ${toHex(input)}`);
    }
    const report = { kind, runs: count, verdicts, disagreements };
    onKind(report);
    return report;
  });
}
