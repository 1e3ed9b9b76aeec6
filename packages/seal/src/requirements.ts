// Option-byte requirements as they stand in the core (key 9): register, mask, value.
// spec/package.md section 2. What a bit means, and whether a policy may set it, is the catalogue's
// business (check-chip.ts, policy.ts).

import { arrayOf, type CborInput, type CborValue, integer, tuple } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { count, readValue, word, wordMax } from '@firmseal/formats';

/** Asks that `(content & mask) === value`; `register` is the catalogue's number for it. 32 bits each. */
export interface OptionRequirement {
  readonly register: number;
  readonly mask: number;
  readonly value: number;
}

const requirementCountMax = 16;

export function encodeRequirements(requirements: readonly OptionRequirement[]): CborInput {
  return requirements.map(({ register, mask, value }) => [register, mask, value]);
}

const triples = arrayOf(tuple(count, integer(1, wordMax), word), 0, requirementCountMax);

/**
 * Throws `manifest-malformed`: not 0 to 16 triples, registers not ascending, mask 0, value outside the mask.
 */
export function readRequirements(value: CborValue): OptionRequirement[] {
  let registerBefore = -1;
  return readValue(value, 'manifest-malformed', 'option bytes', triples).map(([register, mask, wanted]) => {
    if (register <= registerBefore || (wanted & ~mask) !== 0)
      throw new Fault('manifest-malformed', { register });
    registerBefore = register;
    return { register, mask, value: wanted };
  });
}
