// What an install is called once its receipt passed every check: PASS, or the first of its weaknesses.
// spec/receipt.md section 4. Programmer, authority, reports and audit all ask here.

import { type Chip, findChip } from '@firmseal/chips';
import { type DevicePublic, effectiveReadoutLevel } from '@firmseal/formats';
import { type Manifest, packageReadoutLevel, protectionAsked } from '@firmseal/seal';
import type { Receipt } from './receipt.ts';

/** The most serious first. */
export const weaknesses = ['REHEARSAL', 'UNPROTECTED', 'REPAIRABLE', 'UNWITNESSED', 'ENROLLED'] as const;
export type Weakness = (typeof weaknesses)[number];
export type Outcome = 'PASS' | Weakness;

/**
 * What the owner of a job takes besides PASS; the last is what a station says (spec/station.md), no receipt.
 */
export type AcceptedOutcomes = readonly (Weakness | 'DONE-UNPROVEN')[];

export interface Verdict {
  readonly outcome: Outcome;
  /** Every one that applies, the most serious first; the outcome is the first. */
  readonly weaknesses: readonly Weakness[];
  /** Whether the owner of the job takes all of them. */
  readonly accepted: boolean;
}

/** The weaknesses that an identity brings with it, whatever the chip holds. */
export function identityWeaknesses({ origin }: Pick<DevicePublic, 'origin'>): Weakness[] {
  const found: Weakness[] = origin.rehearsal ? ['REHEARSAL'] : [];
  if (origin.kind === 'unwitnessed') found.push('UNWITNESSED');
  if (origin.kind === 'enrolled') found.push('ENROLLED');
  return found;
}

/**
 * The weakness of a chip's protection as a hello or a receipt says it, against what package
 * and catalogue ask; none where it keeps all of it. A level that somebody's key takes back is
 * not one for repair by the owner.
 */
export function protectionWeaknesses(
  chip: Chip,
  { core }: Pick<Manifest, 'core'>,
  state: Pick<Receipt, 'readoutLevel' | 'levelKey'> & Partial<Pick<Receipt, 'unprotected'>>,
): Weakness[] {
  const level = effectiveReadoutLevel(state);
  if (level >= protectionAsked(chip, core)) return state.unprotected ? ['UNPROTECTED'] : [];
  const { repair } = chip.tier;
  const isOwners = !state.levelKey && level >= packageReadoutLevel(chip, core);
  return repair !== undefined && isOwners && level >= repair.readoutLevel ? ['REPAIRABLE'] : ['UNPROTECTED'];
}

/** Weaknesses found and taken, as one verdict. */
export function judgeWeaknesses(found: readonly Weakness[], accepts: AcceptedOutcomes): Verdict {
  const ordered = weaknesses.filter((one) => found.includes(one));
  return {
    outcome: ordered[0] ?? 'PASS',
    weaknesses: ordered,
    accepted: ordered.every((one) => accepts.includes(one)),
  };
}

/**
 * The verdict on a receipt that verifyReceipt returned, for the same manifest and device. `accepts` is what
 * the owner said when he opened the job. Throws `chip-unknown` for a chip that is not in the catalogue.
 */
export function judgeReceipt(inputs: {
  manifest: Manifest;
  receipt: Receipt;
  device: DevicePublic;
  accepts: AcceptedOutcomes;
}): Verdict {
  const { manifest, receipt, device, accepts } = inputs;
  const ofChip = protectionWeaknesses(findChip(device.chipId), manifest, receipt);
  const found: Weakness[] = [...identityWeaknesses(device), ...ofChip];
  return judgeWeaknesses(found, accepts);
}
