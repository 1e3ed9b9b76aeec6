// Option bytes by the names of their fields, turned into the requirements of a package, and the
// refusals that protect the owner from a policy that gives the firmware away or cannot be undone.
// spec/agent.md sections 4 and 5.

import {
  type Chip,
  fieldMask,
  findOptionField,
  type OptionField,
  policyBits,
  type ReadoutLevel,
  readoutLevel,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { askedReadoutLevel } from './check-chip.ts';
import type { ManifestCore } from './core.ts';
import type { OptionRequirement } from './requirements.ts';

/** Field name of the catalogue to value; readout protection as a level (0 to 2) or as the byte of one. */
export type PolicyFields = Readonly<Record<string, number>>;

export interface PolicyConsent {
  /** --allow-open: least readout level 0. */
  readonly allowOpen?: boolean;
  /** --allow-irreversible: an install sets readout level 2. */
  readonly allowIrreversible?: boolean;
  /** --allow-unprotected: a level at which the chip does not keep the firmware secret. */
  readonly allowUnprotected?: boolean;
  /** --allow-repairable: a level that can be taken back, on chips where that has a tier of its own. */
  readonly allowRepairable?: boolean;
}

function readoutByte(chip: Chip, field: OptionField, value: number): number {
  const { level0, level1, level2 } = chip.readoutProtection;
  const byte = [level0, level1, level2][value] ?? value;
  const level = readoutLevel(chip, new Map([[field.register, (byte << field.lsb) >>> 0]]));
  // Readout protection can only rise, so asking for none can only be a mistake.
  if (level === 0) throw new Fault('policy-field-refused', { field: field.name, value, chip: chip.id });
  return byte;
}

/** The field's bits within its register. Throws `policy-value-refused`, `policy-field-refused`. */
function fieldRequirement(chip: Chip, name: string, value: number): OptionRequirement {
  const field = findOptionField(chip, name);
  const mask = fieldMask(field);
  const most = mask >>> field.lsb;
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new Fault('policy-value-refused', { field: name, value, most, chip: chip.id });
  const isReadout = name === chip.readoutProtection.field;
  const bits = ((isReadout ? readoutByte(chip, field, value) : value) << field.lsb) >>> 0;
  const { neutral, clearOnly, setOnly, readout } = policyBits(chip, field.register);
  // A bit that can only fall is asked for where the value has 0 and left alone where
  // it has 1; and the reverse.
  const asked =
    field.policy === 'clear-only' ? mask & ~bits : field.policy === 'set-only' ? mask & bits : mask;
  if (asked === 0 || (asked & ~(neutral | clearOnly | setOnly | readout)) !== 0)
    throw new Fault('policy-field-refused', { field: name, value, chip: chip.id });
  return { register: field.register, mask: asked >>> 0, value: (bits & asked) >>> 0 };
}

/**
 * The requirements of the fields, one a register, ascending. Throws `option-field-unknown`,
 * `policy-value-refused`, `policy-field-refused`.
 */
export function policyRequirements(chip: Chip, fields: PolicyFields): OptionRequirement[] {
  const byRegister = new Map<number, OptionRequirement>();
  for (const [name, value] of Object.entries(fields)) {
    const one = fieldRequirement(chip, name, value);
    const before = byRegister.get(one.register) ?? { mask: 0, value: 0 };
    byRegister.set(one.register, {
      register: one.register,
      mask: (one.mask | before.mask) >>> 0,
      value: (one.value | before.value) >>> 0,
    });
  }
  return [...byRegister.values()].sort((a, b) => a.register - b.register);
}

/**
 * The requirements for a package for several chips: they must mean the same on each.
 * Throws `policy-chips-differ` too.
 */
export function policyForChips(chips: readonly Chip[], fields: PolicyFields): OptionRequirement[] {
  const [first, ...others] = chips;
  if (!first) return [];
  const requirements = policyRequirements(first, fields);
  for (const other of others)
    if (JSON.stringify(policyRequirements(other, fields)) !== JSON.stringify(requirements))
      throw new Fault('policy-chips-differ', { chip: first.id, other: other.id });
  return requirements;
}

/** The least readout level at which the chips are of their tier: the default for a package. */
export function protectedReadoutLevel(chips: readonly Chip[]): ReadoutLevel {
  return Math.max(0, ...chips.map(({ tier }) => tier.readoutLevel)) as ReadoutLevel;
}

/**
 * Refuses, chip by chip, what needs the owner's word: `policy-leaves-chip-open` (--allow-open),
 * `policy-unprotected` (--allow-unprotected), `policy-repairable` (--allow-repairable),
 * `policy-irreversible` (--allow-irreversible).
 */
export function checkPolicy(
  core: Pick<ManifestCore, 'leastReadoutLevel' | 'optionBytes'>,
  chips: readonly Chip[],
  consent: PolicyConsent = {},
): void {
  const { leastReadoutLevel: level, optionBytes } = core;
  for (const chip of chips) {
    const least = chip.tier.readoutLevel;
    if (level === 0 && !consent.allowOpen)
      throw new Fault('policy-leaves-chip-open', { chip: chip.id, least: Math.max(least, 1) });
    const isRepairable = level < least && level >= (chip.tier.repair?.readoutLevel ?? least);
    if (isRepairable && !consent.allowUnprotected && !consent.allowRepairable)
      throw new Fault('policy-repairable', { chip: chip.id, level, least });
    if (level > 0 && level < least && !isRepairable && !consent.allowUnprotected)
      throw new Fault('policy-unprotected', { chip: chip.id, level, least });
    if (askedReadoutLevel(chip, optionBytes) === 2 && !consent.allowIrreversible)
      throw new Fault('policy-irreversible', { chip: chip.id });
  }
}
