// Which changes of option bytes cannot be taken back, and the consent that they need. A step counts as
// permanent when firmseal knows no way back from it, not even by erasing the chip.

import { type Chip, type OptionValues, readoutLevel } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { type OptionChange, optionChanges, optionChangeText } from './option-text.ts';

export interface PermanentStep {
  readonly change: OptionChange;
  readonly because: string;
}

/** Given for exactly these steps: a plan that has others does not run with it. */
export interface PermanentConsent {
  readonly steps: readonly PermanentStep[];
}

/**
 * Fields whose way back firmseal does not know: access to ROM services, TrustZone, locks of boot
 * addresses, of OTP and of protected ranges, hidden areas. RM0433 4.9, RM0456 7.9, RM0481 7.11.
 */
const noWayBack: ReadonlySet<string> = new Set([
  ...['SECURITY', 'TZEN', 'NSBOOT_LOCK', 'SECBOOT_LOCK', 'LOCKBL', 'SEC_SIZE', 'SEC_SIZE2'],
  ...['HDP1EN', 'HDP2EN', 'NS_EPOCH', 'SEC_EPOCH'],
]);

function reason(
  chip: Chip,
  change: OptionChange,
  { before, after }: { before: OptionValues; after: OptionValues },
) {
  const { readoutProtection, boot } = chip;
  if (change.field === readoutProtection.field) {
    if (readoutLevel(chip, after) === 2 && readoutLevel(chip, before) < 2)
      return 'readout level 2 is for good: no debug port and no ROM bootloader any more';
    if (readoutProtection.productStates !== undefined)
      return 'a product state is left only by debug authentication, which firmseal does not speak';
  }
  if (boot.lock?.field === change.field && boot.lock.value === change.after)
    return 'it binds every boot to one place; with a raised readout level nothing lets go of it';
  if (noWayBack.has(change.field)) return 'firmseal knows no way back from it';
  const frozen = readoutProtection.regression.frozen ?? [];
  if (frozen.some((one) => one.while.field === change.field && one.while.value === change.after))
    return 'the range that it locks changes only together with a regression';
  return undefined;
}

/** The permanent ones among the changes, in the order of the catalogue. */
export function permanentSteps(chip: Chip, before: OptionValues, after: OptionValues): PermanentStep[] {
  return optionChanges(chip, before, after).flatMap((change) => {
    const because = reason(chip, change, { before, after });
    return because === undefined ? [] : [{ change, because }];
  });
}

const same = (a: readonly PermanentStep[], b: readonly PermanentStep[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Throws `permanent-steps-unconfirmed`, which names them, unless the consent is for exactly these steps. */
export function requireConsent(
  chip: Chip,
  steps: readonly PermanentStep[],
  consent: PermanentConsent | undefined,
): void {
  if (steps.length === 0 || (consent !== undefined && same(steps, consent.steps))) return;
  const named = steps
    .map(({ change, because }) => `${optionChangeText(chip, change)}: ${because}`)
    .join('; ');
  throw new Fault('permanent-steps-unconfirmed', { steps: named });
}
